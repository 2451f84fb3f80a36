"""The views of dense methods by hand: those of the library over joined rows, and cheaper ones."""

import math
from typing import Any

import torch
from attrs import frozen
from torch import Tensor
from torch.nn import functional as F  # as everybody calls it

from benchmarks.by_hand import windows
from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.views.color_jitter import color_jitter
from ssldsl.stdlib.views.cutout import cutout
from ssldsl.stdlib.views.flip import flip
from ssldsl.stdlib.views.grayscale import grayscale, luminance
from ssldsl.stdlib.views.rand_augment import rand_augment
from ssldsl.stdlib.views.random_resized_crop import random_resized_crop
from ssldsl.stdlib.views.random_shift import random_shift

JITTER: dict[str, Any] = {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2, "p": 0.8, "shuffled": True}


@frozen
class Crop:
    """`count` crops to `size` pixels, of a share of the area within `scale`, then moved by up to `shift` pixels."""

    count: int
    size: int
    scale: tuple[float, float]
    shift: int = 0


class LawViews:
    """The library's views over joined rows."""

    def __init__(self) -> None:
        self.calls = 0

    def rng(self, images: Tensor) -> SampleRng:
        self.calls += 1
        row = torch.arange(len(images), device=images.device)
        return SampleRng(self.calls, Rows(row, row, row))

    def __call__(self, images: Tensor, crop: Crop, colors: bool) -> Tensor:
        images = images.repeat(crop.count, 1, 1, 1)
        images = random_resized_crop(images, rng=self.rng(images), size=crop.size, scale=crop.scale)
        if crop.shift:
            images = random_shift(images, rng=self.rng(images), pixels=crop.shift)
        if not colors:
            return images
        images = flip(images, rng=self.rng(images))
        images = color_jitter(images, rng=self.rng(images), **JITTER)
        return grayscale(images, rng=self.rng(images), p=0.2)

    def weak(self, images: Tensor) -> Tensor:
        images = flip(images, rng=self.rng(images))
        return random_shift(images, rng=self.rng(images), pixels=4)

    def strong(self, images: Tensor) -> Tensor:
        images = self.weak(images)
        images = rand_augment(images, rng=self.rng(images))
        return cutout(images, rng=self.rng(images))


class CheapViews:
    """Crops by `grid_sample` without antialiasing, one order of color changes, hues turned as in YIQ."""

    def __call__(self, images: Tensor, crop: Crop, colors: bool) -> Tensor:
        images = self._crop(images.repeat(crop.count, 1, 1, 1), crop)
        return self._colored(images) if colors else images

    def weak(self, images: Tensor) -> Tensor:
        return windows(_mirrored(images), 4)

    def strong(self, images: Tensor) -> Tensor:
        """One draw of distortions and one square for the whole batch."""
        from torchvision.transforms import v2 as t

        images = t.RandAugment()((255 * self.weak(images)).to(torch.uint8)).float() / 255
        height, width = images.shape[-2:]
        top, left = (int(torch.randint(side // 2, ())) for side in (height, width))
        images[..., top : top + height // 2, left : left + width // 2] = 0.5
        return images

    def _crop(self, images: Tensor, crop: Crop) -> Tensor:
        """The flip and the shift are a part of the map."""
        count, channels, height, _ = images.shape
        drawn = torch.rand(count, 4, device=images.device)
        share = crop.scale[0] + (crop.scale[1] - crop.scale[0]) * drawn[:, 0]
        ratio = ((2 * drawn[:, 1] - 1) * math.log(4 / 3)).exp()
        half = torch.stack([(share * ratio).sqrt(), (share / ratio).sqrt()], dim=1).clamp(max=1)
        center = (2 * drawn[:, 2:] - 1) * (1 - half + crop.shift / height)
        theta = torch.cat([torch.diag_embed(half), center.unsqueeze(2)], dim=2)
        grid = F.affine_grid(theta, [count, channels, crop.size, crop.size], align_corners=False)
        return F.grid_sample(images, grid, align_corners=False)

    def _colored(self, images: Tensor) -> Tensor:
        images = _mirrored(images)
        factor = 1 + 1.6 * (torch.rand(len(images), 4, 1, 1, 1, device=images.device) - 0.5)
        changed = (images * factor[:, 0]).clamp(0, 1)
        changed = torch.lerp(luminance(changed).mean(dim=(1, 2, 3), keepdim=True), changed, factor[:, 1]).clamp(0, 1)
        changed = torch.lerp(luminance(changed), changed, factor[:, 2]).clamp(0, 1)
        turn = 0.25 * (factor[:, 3] - 1)  # of the two color axes of YIQ, a matrix of three numbers a pixel
        changed = self._turned(changed, turn.flatten())
        images = torch.where(torch.rand(len(images), 1, 1, 1, device=images.device) < 0.8, changed, images)
        gray = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.2
        return torch.where(gray, luminance(images), images)

    def _turned(self, images: Tensor, turn: Tensor) -> Tensor:
        to_yiq = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
        to_yiq = to_yiq.to(images.device)
        cos, sin = (2 * math.pi * turn).cos(), (2 * math.pi * turn).sin()
        zero, one = torch.zeros_like(cos), torch.ones_like(cos)
        turned = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], dim=1).view(-1, 3, 3)
        matrix = torch.linalg.inv(to_yiq) @ turned @ to_yiq
        return (matrix @ images.flatten(2)).view_as(images).clamp(0, 1)


def _mirrored(images: Tensor) -> Tensor:
    """Half of the images turned round."""
    mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(mirrored, images.flip(-1), images)

"""Random views of photographs beside those of lightly, which works on Pillow images, one after the other.

Where lightly is not installed, the same recipe of torchvision's stands in, which is what lightly's is made of.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from attrs import define, field, frozen
from PIL import Image
from torch import Tensor

from benchmarks.dense_views import JITTER, Crop
from benchmarks.timing import Side
from ssldsl.ops.image_files import images_to_float
from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.views.color_jitter import color_jitter
from ssldsl.stdlib.views.flip import flip
from ssldsl.stdlib.views.gaussian_blur import gaussian_blur
from ssldsl.stdlib.views.grayscale import grayscale
from ssldsl.stdlib.views.normalize import normalize
from ssldsl.stdlib.views.random_resized_crop import random_resized_crop

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@frozen
class Case:
    """Views of images of `side` pixels. parts: which of the changes that follow the crop are made."""

    name: str
    side: int
    crops: tuple[Crop, ...]
    parts: frozenset[str] = frozenset({"flip", "jitter", "gray", "blur", "normalize"})
    rows: int = 16


def cases(side: int) -> list[Case]:
    """The whole recipes, then its parts alone."""
    small, rows = side * 3 // 7 if side > 64 else side // 2 + 2, 16 if side > 64 else 64
    whole = (Crop(1, side, (0.08, 1.0)),)
    both = (Crop(2, side, (0.14, 1.0)),)
    many = (*both, Crop(6, small, (0.05, 0.14)))
    return [
        Case(f"SimCLR {side}", side, whole, rows=rows),
        Case(f"SwAV {side}", side, both, rows=rows),
        Case(f"multi-crop {side}", side, many, rows=rows),
        Case(f"SimCLR {side}, one at a time", side, whole, rows=1),
        *(Case(f"{part} {side}", side, whole, frozenset({part}), rows) for part in ("flip", "jitter", "blur")),
        Case(f"jitter {side}, one at a time", side, whole, frozenset({"jitter"}), rows=1),
    ]


def photographs(rows: int, side: int) -> Tensor:
    """Bytes with smooth structure and some noise, (rows, 3, side, side): as photographs have them."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(rows, 3, 7, 7, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
    noise = 0.1 * torch.rand(rows, 3, side, side, generator=generator)
    return ((0.9 * smooth + noise) * 255).round().to(torch.uint8)


@define
class Ours:
    """Whole batches through the ops of the library, as a step calls them: rows are cut from one long sequence."""

    case: Case
    images: Tensor
    sequence: Tensor = field(factory=lambda: torch.arange(2**18))
    zeros: Tensor = field(factory=lambda: torch.zeros(2**18, dtype=torch.int64))

    def step(self, number: int) -> None:
        count = len(self.images)
        start = number * count % (len(self.zeros) - count)
        part = slice(start, start + count)
        rows = Rows(self.sequence[part], self.zeros[part], self.zeros[part])
        for crop in self.case.crops:
            for _ in range(crop.count):
                self.view(crop, rows)

    def view(self, crop: Crop, rows: Rows) -> Tensor:
        images, parts = images_to_float(self.images), self.case.parts
        images = random_resized_crop(images, rng=SampleRng(1, rows), size=crop.size, scale=crop.scale)
        if "flip" in parts:
            images = flip(images, rng=SampleRng(2, rows))
        if "jitter" in parts:
            images = color_jitter(images, rng=SampleRng(3, rows), **JITTER)
        if "gray" in parts:
            images = grayscale(images, rng=SampleRng(4, rows), p=0.2)
        if "blur" in parts:
            images = gaussian_blur(images, rng=SampleRng(5, rows), sigma=(0.1, 2.0), p=0.5)
        return normalize(images, mean=MEAN, std=STD) if "normalize" in parts else images


@define
class Theirs:
    """The same views of Pillow images by the other library, stacked to batches."""

    case: Case
    images: Sequence[Image.Image]
    views: Sequence[Callable[[Image.Image], Tensor]]

    def step(self, number: int) -> None:
        for view in self.views:
            torch.stack([view(image) for image in self.images])


def transform(case: Case, crop: Crop) -> Callable[[Image.Image], Tensor]:
    """The recipe of torchvision with lightly's blur, in the order of lightly's own `SimCLRViewTransform`."""
    from torchvision.transforms import v2 as t

    parts: dict[str, Any] = {
        "flip": t.RandomHorizontalFlip(0.5),
        "jitter": t.RandomApply([t.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
        "gray": t.RandomGrayscale(0.2),
        "blur": _blur(),
    }
    made = [t.RandomResizedCrop(crop.size, scale=crop.scale)]
    made += [change for name, change in parts.items() if name in case.parts]
    made += [t.PILToTensor(), t.ToDtype(torch.float32, scale=True)]
    made += [t.Normalize(MEAN, STD)] if "normalize" in case.parts else []
    return t.Compose(made)


def opponent() -> str:
    """Whose views the others are."""
    return "lightly's" if find_spec("lightly") else "torchvision's of the same recipe"


def _blur() -> Callable[[Image.Image], Image.Image]:
    if find_spec("lightly") is None:
        from torchvision.transforms import v2 as t

        return t.RandomApply([t.GaussianBlur(13, (0.1, 2.0))], p=0.5)  # type: ignore[no-any-return]  # untyped
    from lightly.transforms.gaussian_blur import GaussianBlur

    return GaussianBlur(prob=0.5, sigmas=(0.1, 2.0))  # type: ignore[no-any-return]  # untyped


def sides(case: Case) -> list[Side]:
    """Ours, and the other library's."""
    images = photographs(case.rows, case.side)
    pictures = [Image.fromarray(np.asarray(image.permute(1, 2, 0))) for image in images]
    views = [transform(case, crop) for crop in case.crops for _ in range(crop.count)]
    return [Ours(case, images), Theirs(case, pictures, views)]

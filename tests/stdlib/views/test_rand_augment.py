"""RandAugment against Pillow, distortion by distortion, and how it draws."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.views.rand_augment import POOL, rand_augment

VARIANTS = {"as in USB": {"layers": 3, "p": 1.0, "whole": False, "factors": [0.05, 0.95], "bits": [4.0, 8.0]}}
PLACES = {"translate_x": (1, 0, 1, 0, 1, 0), "translate_y": (1, 0, 0, 0, 1, 1)}


class Written(SampleRng):
    """The numbers of one layer for every image: which distortion, how strong, which way, and that it is made."""

    def __init__(self, names: list[str], m: int, sign: float) -> None:
        super().__init__(0, Rows(*(torch.zeros(len(names), dtype=torch.int64) for _ in range(3))))
        self.numbers = [[(POOL.index(name) + 0.5) / len(POOL), (m - 0.5) / 9, sign, 0.0] for name in names]

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.tensor(self.numbers).unsqueeze(1)


def as_pillow(image: Tensor) -> Image.Image:
    return Image.fromarray((image * 255).round().byte().permute(1, 2, 0).numpy())


def by_pillow(image: Image.Image, name: str, m: int, sign: int) -> Image.Image:
    """FixMatch's distortion, with its ranges."""
    factor, gray = 0.1 + 0.18 * m, (128, 128, 128)

    def moved(*map_: float) -> Image.Image:
        return image.transform(image.size, Image.Transform.AFFINE, map_, fillcolor=gray)

    made = {
        "identity": lambda: image,
        "auto_contrast": lambda: ImageOps.autocontrast(image),
        "equalize": lambda: ImageOps.equalize(image),
        "posterize": lambda: ImageOps.posterize(image, 4 - int(0.4 * m)),
        "solarize": lambda: ImageOps.solarize(image, 256 - int(25.6 * m)),
        "brightness": lambda: ImageEnhance.Brightness(image).enhance(factor),
        "color": lambda: ImageEnhance.Color(image).enhance(factor),
        "contrast": lambda: ImageEnhance.Contrast(image).enhance(factor),
        "sharpness": lambda: ImageEnhance.Sharpness(image).enhance(factor),
        "rotate": lambda: image.rotate(sign * 3 * m, fillcolor=gray),
        "shear_x": lambda: moved(1, sign * 0.03 * m, 0, 0, 1, 0),
        "shear_y": lambda: moved(1, 0, 0, sign * 0.03 * m, 1, 0),
        "translate_x": lambda: moved(1, 0, sign * m, 0, 1, 0),
        "translate_y": lambda: moved(1, 0, 0, 0, 1, sign * m),
    }
    return made[name]()


@pytest.mark.parametrize("m", [1, 5, 9])
def test_every_distortion_is_that_of_pillow(photos: Tensor, m: int) -> None:
    square = photos[:1, :, :, :24]
    exact = {"identity", "equalize", "posterize", "solarize", "translate_x", "translate_y"}
    start = (square * 255).round() / 255
    found = rand_augment(
        start.expand(len(POOL), -1, -1, -1), rng=Written(list(POOL), m, 0.9), layers=1, translate=10 / 24
    )
    for name, image in zip(POOL, found, strict=True):
        expected = torch.from_numpy(np.array(by_pillow(as_pillow(start[0]), name, m, 1))).permute(2, 0, 1) / 255
        off = (image - expected).abs()
        if name in ("rotate", "shear_x", "shear_y"):  # a place between two pixels may go to either
            assert (off > 3 / 255).float().mean() < 0.02, name
        else:
            assert off.max() <= (0.6 if name in exact else 2.1) / 255, name


def test_the_other_sign_moves_the_other_way(photos: Tensor) -> None:
    right, left = (
        rand_augment(photos[:1], rng=Written(["translate_x"], 4, sign), layers=1, translate=10 / 32)
        for sign in (0.9, 0.1)
    )
    assert torch.equal(right[..., :-4], photos[:1, ..., 4:]) and torch.equal(left[..., 4:], photos[:1, ..., :-4])
    assert (right[..., -4:] == 0.5).all() and (left[..., :4] == 0.5).all()


def test_distortions_are_drawn_alike_and_for_every_image_alone(rng) -> None:
    image = 0.2 + 0.6 * torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    many = image.expand(4000, -1, -1, -1)

    def unchanged(**settings: float) -> float:
        found = rand_augment(many, rng=rng(4000), magnitude=9.0, **settings)
        return (found == image).flatten(1).all(dim=1).float().mean().item()

    assert unchanged(layers=1, p=1.0) == pytest.approx(1 / 14, abs=0.017)  # four standard deviations
    assert unchanged(layers=2, p=0.5) == pytest.approx((15 / 28) ** 2, abs=0.03)

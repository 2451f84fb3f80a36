"""Affine maps against torchvision's, for the same angles, moves and scales."""

import math

import pytest
import torch
from torch import Tensor
from torchvision.transforms.functional import InterpolationMode, affine

from ssldsl.stdlib.views.random_affine import random_affine

SIZE = (9, 14)


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_every_image_is_mapped_as_torchvision_maps_it(interpolation: str, rng) -> None:
    images = torch.rand(40, 3, *SIZE)
    found = random_affine(images, rng=rng(40), degrees=40, translate=0.2, scale=(0.7, 1.3), interpolation=interpolation)
    mode = InterpolationMode(interpolation)
    for image, mapped, drawn in zip(images, found, rng(40).uniform(4).tolist(), strict=True):
        move = [round(0.2 * side * (2 * n - 1)) for side, n in zip((14, 9), drawn[1:3], strict=True)]
        expected = affine(image, 40 * (2 * drawn[0] - 1), move, 0.7 + 0.6 * drawn[3], [0.0], mode)
        close = (mapped - expected).abs() < 1e-3
        # where a place lies in the middle between two pixels, rounding decides which one is nearer
        assert close.all() if interpolation == "bilinear" else close.double().mean() > 0.97


def test_nothing_moves_where_nothing_may(rng) -> None:
    images = torch.rand(3, 1, 8, 8)
    still = random_affine(images, rng=rng(3), degrees=0, translate=0, scale=(1, 1))
    torch.testing.assert_close(still, images, atol=1e-5, rtol=0)


def test_angles_are_spread_evenly_and_no_farther_than_they_may(rng) -> None:
    line = torch.zeros(2000, 1, 33, 33)
    line[:, :, 16, 17:] = 1.0  # to the right of the middle
    found = random_affine(line, rng=rng(2000), degrees=30, translate=0, scale=(1, 1))
    angles = _directions(found)
    assert angles.abs().max() < 31 and abs(angles.mean().item()) < 1.5
    assert angles.std().item() == pytest.approx(60 / math.sqrt(12), rel=0.05)


def _directions(images: Tensor) -> Tensor:
    """In which direction the bright pixels of every image lie from its middle, in degrees."""
    down, across = torch.meshgrid(torch.arange(-16.0, 17.0), torch.arange(-16.0, 17.0), indexing="ij")
    moments = [(images[:, 0] * place).sum(dim=(1, 2)) for place in (down, across)]
    return torch.rad2deg(torch.atan2(*moments))

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.random_rotate4 import random_rotate4


def test_images_are_turned_as_often_as_their_label_says(photos: Tensor, rng) -> None:
    square = photos[..., :24]
    found = random_rotate4(square, rng=rng(6))
    for image, turned, angle in zip(square, found.images, found.angles.tolist(), strict=True):
        assert torch.equal(turned, image.rot90(angle, dims=(1, 2)))


def test_all_four_angles_are_as_likely(rng) -> None:
    counts = random_rotate4(torch.zeros(8000, 1, 2, 2), rng=rng(8000)).angles.bincount(minlength=4)
    assert counts.tolist() == pytest.approx([2000] * 4, abs=160)  # four standard deviations


def test_images_that_are_not_square_are_refused(rng) -> None:
    with pytest.raises(ValueError, match="square"):
        random_rotate4(torch.zeros(1, 1, 2, 3), rng=rng(1))

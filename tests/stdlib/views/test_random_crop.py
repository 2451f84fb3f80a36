import pytest
import torch
from torch.nn.functional import pad

from ssldsl.stdlib.views.random_crop import random_crop

SETTINGS = {"size": 20, "padding": 2}  # with which the tests of all views call it


def test_every_crop_is_one_of_the_windows_of_the_padded_image(rng) -> None:
    image = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    padded = pad(image, (1, 1, 1, 1))
    possible = {padded[0, :, i : i + 5, j : j + 5].numpy().tobytes() for i in range(4) for j in range(6)}
    crops = random_crop(image.expand(600, -1, -1, -1), rng=rng(600), size=5, padding=1)
    assert {crop.numpy().tobytes() for crop in crops} == possible


def test_a_crop_of_the_whole_image_is_the_image(rng) -> None:
    images = torch.rand(4, 3, 9, 9)
    assert torch.equal(random_crop(images, rng=rng(4), size=9), images)


def test_a_crop_larger_than_the_padded_image_is_refused(rng) -> None:
    with pytest.raises(ValueError, match="a crop of 12 by 12 pixels from images of 10 by 14"):
        random_crop(torch.zeros(1, 1, 8, 12), rng=rng(1), size=12, padding=1)

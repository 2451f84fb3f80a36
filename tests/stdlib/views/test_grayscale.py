import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.grayscale import grayscale


def test_brightness_is_that_of_torchvision(photos: Tensor, rng) -> None:
    from torchvision.transforms.functional import rgb_to_grayscale

    expected = rgb_to_grayscale(photos, num_output_channels=3)
    torch.testing.assert_close(grayscale(photos, rng=rng(6), p=1.0), expected)


def test_pure_colors_have_their_weights(rng) -> None:
    red_green_blue = torch.eye(3).view(3, 3, 1, 1)
    gray = grayscale(red_green_blue, rng=rng(3), p=1.0)
    assert gray[:, :, 0, 0].tolist() == [[pytest.approx(w)] * 3 for w in (0.2989, 0.587, 0.114)]


def test_a_grey_image_is_its_own(rng) -> None:
    gray = torch.rand(5, 1, 3, 3)
    assert torch.equal(grayscale(gray, rng=rng(5), p=1.0), gray)


def test_two_channels_are_no_color(rng) -> None:
    with pytest.raises(ValueError, match="1 or 3 channels, and the images have 2"):
        grayscale(torch.zeros(1, 2, 3, 3), rng=rng(1))

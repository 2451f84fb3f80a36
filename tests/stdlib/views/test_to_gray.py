"""The luminance of one channel, by hand."""

import torch

from ssldsl.stdlib.views.to_gray import to_gray


def test_a_pixel_has_the_weighted_sum_of_its_channels() -> None:
    pixel = torch.tensor([0.5, 0.25, 1.0]).view(1, 3, 1, 1)
    assert abs(to_gray(pixel).item() - (0.2989 * 0.5 + 0.587 * 0.25 + 0.114)) < 1e-6


def test_one_channel_stays_as_it_is() -> None:
    gray = torch.rand(2, 1, 3, 3)
    assert torch.equal(to_gray(gray), gray)

"""Sobel's derivatives of a ramp against the worked numbers."""

import torch

from ssldsl.stdlib.views.sobel import sobel

RAMP = torch.arange(3.0).expand(3, 3)
ACROSS = [[-3.0, -6, 3], [-4, -8, 4], [-3, -6, 3]]
DOWN = [[-1.0, -4, -5], [0, 0, 0], [1, 4, 5]]


def test_a_ramp_has_the_worked_derivatives_in_gray_and_in_color() -> None:
    for channels in (1, 3):
        found = sobel(RAMP.expand(1, channels, 3, 3))
        torch.testing.assert_close(found, torch.tensor([[ACROSS, DOWN]]), atol=1e-5, rtol=0)


def test_an_even_image_has_none_inside() -> None:
    assert sobel(torch.full((1, 3, 5, 5), 0.7))[:, :, 1:-1, 1:-1].abs().max() < 1e-6


def test_the_gradient_is_that_of_differences_as_it_is_linear() -> None:
    images = torch.rand(1, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(sobel, (images,))

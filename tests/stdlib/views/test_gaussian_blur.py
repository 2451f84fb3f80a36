import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.gaussian_blur import blur, gaussian_blur


def test_each_image_is_blurred_with_its_own_sigma_as_in_torchvision(photos: Tensor) -> None:
    from torchvision.transforms.functional import gaussian_blur as expected

    sigmas = [0.1, 0.4, 0.9, 1.3, 1.7, 2.0]
    parts = [expected(photos[i], [9, 9], [sigma, sigma]) for i, sigma in enumerate(sigmas)]
    torch.testing.assert_close(blur(photos, torch.tensor(sigmas), 9), torch.stack(parts), atol=2e-6, rtol=0)


def test_a_point_spreads_with_the_variance_of_the_gaussian() -> None:
    point = torch.zeros(1, 1, 41, 41)
    point[0, 0, 20, 20] = 1
    profile = blur(point, torch.tensor([2.0]), 25)[0, 0].sum(dim=0)
    distance = torch.arange(41) - 20
    assert (profile * distance**2).sum().item() == pytest.approx(4.0, rel=1e-3)


def test_a_flat_image_stays_flat(rng) -> None:
    flat = torch.full((4, 3, 16, 16), 0.3)
    torch.testing.assert_close(gaussian_blur(flat, rng=rng(4), p=1.0), flat)


def test_a_kernel_that_is_even_or_wider_than_the_image_is_refused(rng) -> None:
    with pytest.raises(ValueError, match="a kernel of 4 pixels: it must be odd"):
        gaussian_blur(torch.zeros(1, 1, 8, 8), rng=rng(1), kernel_size=4)
    with pytest.raises(ValueError, match="13 pixels: it must be odd, and 6 less than 6"):
        gaussian_blur(torch.zeros(1, 1, 6, 8), rng=rng(1), sigma=(0.1, 2.0))

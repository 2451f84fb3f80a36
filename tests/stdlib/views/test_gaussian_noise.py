import pytest
import torch

from ssldsl.stdlib.views.gaussian_noise import gaussian_noise

EXEMPT = {"the_result_stays_between_black_and_white": "whitened images have no black and white, so nothing is clipped"}


def test_noise_has_the_mean_and_the_deviation_that_were_asked_for(rng) -> None:
    noise = gaussian_noise(torch.full((100, 3, 20, 20), 0.5), rng=rng(100), std=0.15) - 0.5
    assert noise.mean().item() == pytest.approx(0, abs=2e-3)  # 120,000 numbers: 4.6 standard deviations
    assert noise.std().item() == pytest.approx(0.15, abs=1.5e-3)


def test_pixels_and_channels_have_noise_of_their_own(rng) -> None:
    noise = gaussian_noise(torch.zeros(2000, 2, 1, 2), rng=rng(2000), std=1.0).flatten(1)
    assert (torch.corrcoef(noise.T) - torch.eye(4)).abs().max() < 0.1


def test_no_deviation_is_no_noise(rng, photos) -> None:
    assert torch.equal(gaussian_noise(photos, rng=rng(6), std=0.0), photos)


def test_a_fraction_p_of_the_images_has_noise(rng) -> None:
    images = torch.zeros(4000, 1, 1, 1)
    noisy = (gaussian_noise(images, rng=rng(4000), p=0.3) != 0).float().mean().item()
    assert noisy == pytest.approx(0.3, abs=0.03)  # four standard deviations

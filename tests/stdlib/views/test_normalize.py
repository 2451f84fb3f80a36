import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.normalize import normalize

SETTINGS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.25]}  # with which the tests of all views call it


def test_channels_are_normalized_as_in_torchvision(photos: Tensor) -> None:
    from torchvision.transforms.functional import normalize as expected

    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    torch.testing.assert_close(normalize(photos, mean=mean, std=std), expected(photos, mean, std))


def test_one_number_stands_for_all_channels() -> None:
    assert normalize(torch.full((1, 3, 1, 1), 0.75), mean=[0.5], std=[0.5]).flatten().tolist() == [0.5, 0.5, 0.5]


def test_one_deviation_goes_with_a_mean_per_channel() -> None:
    found = normalize(torch.full((1, 2, 1, 1), 1.0), mean=[0.5, 0.0], std=[0.5])
    assert found.flatten().tolist() == [1.0, 2.0]


def test_two_means_do_not_fit_three_channels() -> None:
    with pytest.raises(ValueError, match="2 means and 1 deviations for 3 channels"):
        normalize(torch.zeros(1, 3, 2, 2), mean=[0.5, 0.5], std=[1.0])


def test_a_deviation_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        normalize(torch.zeros(1, 1, 2, 2), mean=[0.5], std=[0.0])


def test_a_mean_and_a_spread_of_one_half_scale_images_to_plus_and_minus_one() -> None:
    bytes_ = torch.arange(256).float().view(1, 1, 16, 16)
    expected = -1 + 2 * bytes_ / 255
    torch.testing.assert_close(normalize(bytes_ / 255, mean=[0.5], std=[0.5]), expected, atol=1e-6, rtol=0)

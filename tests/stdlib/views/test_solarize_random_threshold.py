import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.solarize import solarize
from ssldsl.stdlib.views.solarize_random_threshold import solarize_random_threshold


def test_with_one_threshold_it_is_solarize(photos: Tensor, rng) -> None:
    found = solarize_random_threshold(photos, rng=rng(6), low=0.4, high=0.4, p=1.0)
    assert torch.equal(found, solarize(photos, rng=rng(6), threshold=0.4, p=1.0))


def test_thresholds_are_even_between_their_bounds(rng) -> None:
    """Of a ramp from black to white, the pixels from the threshold on turn: as many as are above it."""
    ramp = (torch.arange(1000) / 1000).view(1, 1, 1, 1000).expand(4000, -1, -1, -1)
    turned = solarize_random_threshold(ramp, rng=rng(4000), low=0.2, high=0.8, p=1.0) != ramp
    thresholds = 1 - turned.float().mean(dim=(1, 2, 3))
    assert thresholds.mean().item() == pytest.approx(0.5, abs=0.01)
    assert thresholds.std().item() == pytest.approx(0.6 / 12**0.5, abs=0.01)

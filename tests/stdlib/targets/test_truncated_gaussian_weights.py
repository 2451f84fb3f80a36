import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.targets.truncated_gaussian_weights import truncated_gaussian_weights


def weights(confidence: list[float], mean: float, variance: float, **settings: float) -> Tensor:
    values = (torch.tensor(v, dtype=torch.float64) for v in (confidence, mean, variance))
    return truncated_gaussian_weights(*values, **settings)


@pytest.mark.parametrize(
    ("confidence", "mean", "variance", "last"),
    [
        ([0.9654181018, 0.7899101110, 0.8383062978, 0.3721545160], 0.3740652333, 0.9067486168, 0.9999919474),
        ([0.9555333717, 0.8139798009, 0.8589899371, 0.3731261003], 0.3750407302, 0.9066749820, 0.9999919138),
    ],
    ids=["authors", "usb"],
)
def test_weights_are_those_of_the_worked_example(
    confidence: list[float], mean: float, variance: float, last: float
) -> None:
    assert weights(confidence, mean, variance).tolist() == pytest.approx([1, 1, 1, last], abs=1e-9)


def test_a_standard_deviation_below_the_mean_weighs_as_a_gaussian_does() -> None:
    assert weights([0.4], 0.5, 0.01, sigmas=1.0).item() == pytest.approx(0.6065306597)


def test_nothing_is_gained_above_the_mean() -> None:
    assert weights([0.5, 0.9, 1.0], 0.5, 0.01).tolist() == [1, 1, 1]

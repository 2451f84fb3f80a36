import pytest
import torch

from ssldsl.stdlib.targets.relative_thresholds import relative_thresholds

STEPS = {
    0.3740652333: ([0.3388132684, 0.3294722381, 0.3317144935], [0.3740652333, 0.3637523117, 0.3662278635]),
    0.4141968680: ([0.3379241094, 0.3278005520, 0.3342753386], [0.4141968680, 0.4017883252, 0.4097245341]),
}


@pytest.mark.parametrize("level", STEPS)
def test_thresholds_are_those_of_the_worked_example(level: float) -> None:
    means, expected = STEPS[level]
    found = relative_thresholds(torch.tensor(means, dtype=torch.float64), torch.tensor(level, dtype=torch.float64))
    assert found.tolist() == pytest.approx(expected, abs=1e-9)


def test_classes_that_are_used_alike_have_one_threshold() -> None:
    assert relative_thresholds(torch.full((4,), 0.25), torch.tensor(0.9)).tolist() == pytest.approx([0.9] * 4)

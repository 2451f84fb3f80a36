import pytest
import torch

from ssldsl.stdlib.targets.by_class import by_class
from ssldsl.stdlib.targets.confidence import confidence
from ssldsl.stdlib.targets.convex_thresholds import convex_thresholds
from ssldsl.stdlib.targets.hard_labels import hard_labels

WEAK = torch.tensor([[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]], dtype=torch.float64).softmax(1)


@pytest.mark.parametrize(
    ("status", "counted"),
    [([0.25, 0.0, 0.25], [1, 1, 1, 1]), ([1.0, 0.5, 0.5], [1, 1, 1, 0]), ([1, 1, 1], [1, 0, 1, 0])],
)
def test_the_rows_that_pass_are_those_of_the_worked_example(status: list[float], counted: list[int]) -> None:
    thresholds = convex_thresholds(torch.tensor(status, dtype=torch.float64), threshold=0.8)
    passed = confidence(WEAK) >= by_class(thresholds, hard_labels(WEAK))
    assert passed.int().tolist() == counted


def test_a_class_that_is_learned_has_the_whole_threshold_and_one_that_is_not_has_none() -> None:
    assert convex_thresholds(torch.tensor([1.0, 0.0]), threshold=0.95).tolist() == pytest.approx([0.95, 0.0])


def test_half_learned_is_a_third_of_the_threshold() -> None:
    assert convex_thresholds(torch.tensor([0.5]), threshold=0.9).item() == pytest.approx(0.3)

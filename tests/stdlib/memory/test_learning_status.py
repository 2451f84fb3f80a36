"""FlexMatch's learning status against its worked numbers: three steps over six samples."""

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.memory.learning_status import LearningStatus

SETTINGS = {"threshold": 0.1}  # with which the tests of all ops call it
FIRST = torch.tensor([[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]]).softmax(1)
SECOND = torch.tensor([[0, 0, 5], [3, 1, 0], [0.4, 0, 0], [0, 3, 1]]).softmax(1)
STEPS: list[tuple[Tensor, list[int]]] = [(FIRST, [0, 1, 2, 3]), (SECOND, [2, 3, 4, 5]), (FIRST, [0, 1, 2, 3])]


@pytest.mark.parametrize(
    ("warmup", "expected"),
    [(True, [[0.25, 0, 0.25], [1, 0.5, 0.5], [1, 0.5, 0.5]]), (False, [[1, 0, 1], [1, 0.5, 0.5], [1, 0.5, 0.5]])],
)
def test_status_is_read_before_a_step_and_written_after_it(warmup: bool, expected: list[list[float]]) -> None:
    made = LearningStatus(3, 6, threshold=0.8, warmup=warmup)
    assert made().tolist() == [0, 0, 0]
    held = [[0, -1, 2, -1, -1, -1], [0, -1, 2, 0, -1, 1], [0, -1, 2, 0, -1, 1]]
    for (probs, places), after, status in zip(STEPS, held, expected, strict=True):
        made.commit(probs, torch.tensor(places))
        assert made.classes.tolist() == after
        assert made().tolist() == status

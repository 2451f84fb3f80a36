"""The running mean with this step's rows, against the worked numbers of FreeMatch and closed forms."""

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.memory.running_mean import RunningMean

FIRST = torch.tensor([[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]], dtype=torch.float64).softmax(1)
SECOND = torch.tensor([[0, 0, 5], [3, 1, 0], [0.4, 0, 0], [0, 3, 1]], dtype=torch.float64).softmax(1)


def test_from_the_uniform_distribution_it_goes_through_the_worked_values() -> None:
    made = RunningMean(torch.empty(3), momentum=0.9, start="uniform").double()
    made.value.fill_(1 / 3)
    for rows, expected in (
        (FIRST, [0.3388132684, 0.3294722381, 0.3317144935]),
        (SECOND, [0.3379241094, 0.3278005520, 0.3342753386]),
    ):
        torch.testing.assert_close(made([rows]), torch.tensor(expected).double(), atol=1e-7, rtol=0)
        made.commit([rows])


def test_it_includes_the_step_and_reading_alone_moves_nothing() -> None:
    made, rows = RunningMean(torch.empty(2), momentum=0.5), torch.tensor([[2.0, 4.0], [4.0, 0.0]])
    for _ in range(2):
        torch.testing.assert_close(made([rows]), torch.tensor([1.5, 1.0]))


def test_it_may_start_at_the_first_mean() -> None:
    made = RunningMean(torch.empty(1), momentum=0.9, start="first")
    for rows, expected in ((2.0, 2.0), (4.0, 2.2)):
        torch.testing.assert_close(made([torch.tensor([[rows]])]), torch.tensor([expected]))
        made.commit([torch.tensor([[rows]])])


def test_the_mean_of_several_values_is_over_all_their_rows() -> None:
    parts: list[Tensor] = [torch.tensor([1.0, 3.0]), torch.tensor([2.0, 6.0])]
    assert RunningMean(torch.empty(()), momentum=0.0)(parts).item() == 3.0


def test_a_single_number_a_row_has_no_uniform_start() -> None:
    with pytest.raises(ValueError, match="an entry for every class"):
        RunningMean(torch.empty(()), start="uniform")

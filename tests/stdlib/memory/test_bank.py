"""The memory bank against TwoStageUC's worked numbers: one step over two views of two samples."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from ssldsl.ops.last_write import last_of_each
from ssldsl.stdlib.memory.bank import Bank


def at(*degrees: float) -> Tensor:
    """Unit vectors at angles."""
    angles = [math.radians(d) for d in degrees]
    return torch.tensor([[math.cos(a), math.sin(a)] for a in angles], dtype=torch.float64)


def bank(*degrees: float, momentum: float = 0.5) -> Bank:
    made = Bank(2, len(degrees), momentum=momentum).double()
    made.rows.copy_(at(*degrees))
    return made


WORKED = (0.0, 20.0, 90.0, 100.0, 200.0)
FIRST, SECOND, SAMPLES = at(195, 30), at(225, 60), torch.tensor([4, 1])


def test_a_step_leaves_the_worked_rows_those_of_the_second_view() -> None:
    made = bank(*WORKED)
    made.commit([FIRST, SECOND], [SAMPLES])
    expected = at(*WORKED)
    expected[4] = torch.tensor([-0.843391, -0.537300])
    expected[1] = torch.tensor([0.766044, 0.642788])
    torch.testing.assert_close(made().rows, expected, atol=1e-6, rtol=0)


def test_a_step_with_the_first_view_alone_leaves_its_worked_rows() -> None:
    made = bank(*WORKED)
    made.commit([FIRST], [SAMPLES])
    torch.testing.assert_close(made().rows[4], torch.tensor([-0.953717, -0.300706]).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(made().rows[1], torch.tensor([0.906308, 0.422618]).double(), atol=1e-6, rtol=0)


def test_positions_of_each_view_are_the_same_as_one_for_all() -> None:
    one, two = bank(*WORKED), bank(*WORKED)
    one.commit([FIRST, SECOND], [SAMPLES])
    two.commit([FIRST, SECOND], [SAMPLES, SAMPLES])
    assert torch.equal(one().rows, two().rows)


def test_of_several_rows_of_a_sample_the_last_one_stays_made_of_the_row_before_the_step() -> None:
    many, last = bank(0.0, 90.0), bank(0.0, 90.0)
    many.commit([at(10, 20, 80, 30)], [torch.tensor([0, 0, 1, 0])])
    last.commit([at(80, 30)], [torch.tensor([1, 0])])
    assert torch.equal(many().rows, last().rows)


def test_the_last_of_equal_entries_is_found_wherever_they_stand() -> None:
    assert last_of_each(torch.tensor([3, 1, 3, 2, 1, 3])).tolist() == [5, 4, 5, 3, 4, 5]


@pytest.mark.parametrize(("momentum", "expected"), [(0.0, 60.0), (1.0, 20.0)])
def test_the_limits_copy_and_stand_still(momentum: float, expected: float) -> None:
    made = bank(*WORKED, momentum=momentum)
    made.commit([SECOND], [SAMPLES])
    torch.testing.assert_close(made().rows[1], at(expected)[0])


def test_first_rows_are_directions_of_unit_length_that_depend_on_the_seed() -> None:
    made = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        made.append(Bank(8, 500)().rows)
    torch.testing.assert_close(made[0].norm(dim=1), torch.ones(500))
    assert made[0].mean(dim=0).abs().max() < 0.1
    assert torch.equal(made[0], made[1]) and not torch.equal(made[0], made[2])


def test_what_was_written_is_known_and_reading_writes_nothing() -> None:
    made = bank(*WORKED)
    assert made().seen.tolist() == [0, 0, 0, 0, 0]
    made.commit([normalize(FIRST)], [SAMPLES])
    assert made().seen.tolist() == [0, 1, 0, 0, 1]

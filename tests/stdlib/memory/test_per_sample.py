"""Moving averages of single samples against the worked numbers of Temporal Ensembling."""

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.memory.per_sample import PerSample

VISITS = [[0.2, 0.3, 0.5], [0.6, 0.2, 0.2], [0.9, 0.05, 0.05]]
SUMS = [[0.08, 0.12, 0.2], [0.288, 0.152, 0.2], [0.5328, 0.1112, 0.14]]
TARGETS = [[0.2, 0.3, 0.5], [0.45, 0.2375, 0.3125], [0.6795918367, 0.1418367347, 0.1785714286]]


def row(values: list[float]) -> Tensor:
    return torch.tensor([values], dtype=torch.float64)


def test_sums_and_targets_are_the_worked_ones() -> None:
    made, place = PerSample(torch.empty(3), 4, momentum=0.6).double(), torch.tensor([2])
    for visit, total, target in zip(VISITS, SUMS, TARGETS, strict=True):
        made.commit(row(visit), place)
        torch.testing.assert_close(made.rows[2:3], row(total), atol=1e-7, rtol=0)
        torch.testing.assert_close(made(row([1 / 3] * 3), place), row(target), atol=1e-7, rtol=0)


def test_a_sample_that_was_not_seen_is_what_its_row_is_without_gradient() -> None:
    made, z = PerSample(torch.empty(3), 4), torch.rand(2, 3, requires_grad=True)
    found = made(z, torch.tensor([0, 3]))
    assert torch.equal(found, z) and not found.requires_grad


def test_without_debiasing_it_starts_at_the_first_visit() -> None:
    made, place = PerSample(torch.empty(3), 1, debias=False).double(), torch.tensor([0])
    for visit in VISITS[:2]:
        made.commit(row(visit), place)
    torch.testing.assert_close(made(row(VISITS[2]), place), row([0.36, 0.26, 0.38]))


@pytest.mark.parametrize("debias", [False, True])
def test_a_constant_stays_what_it_is(debias: bool) -> None:
    made, place = PerSample(torch.empty(()), 3, momentum=0.9, debias=debias), torch.tensor([1])
    for _ in range(4):
        made.commit(torch.tensor([0.7]), place)
        torch.testing.assert_close(made(torch.zeros(1), place), torch.tensor([0.7]))


def test_momentum_0_holds_what_the_last_visit_said() -> None:
    made = PerSample(torch.empty(3), 2, momentum=0.0)
    for visit in VISITS:
        made.commit(row(visit), torch.tensor([1]))
    torch.testing.assert_close(made(torch.zeros(1, 3), torch.tensor([1])), row(VISITS[-1]).float())

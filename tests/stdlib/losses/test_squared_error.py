"""The squared error against numbers by hand."""

import pytest
import torch

from ssldsl.stdlib.losses.squared_error import squared_error

A, B = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0], [3.0, 4.0]])


@pytest.mark.parametrize(("over", "expected"), [("sum", [4, 25]), ("mean", [2, 12.5])])
def test_the_distance_of_every_row(over: str, expected: list[float]) -> None:
    assert squared_error(A, B, over=over).tolist() == expected  # type: ignore[arg-type]  # of a table
    assert squared_error(B, A, over=over).tolist() == expected  # type: ignore[arg-type]  # as above


def test_equal_rows_cost_nothing() -> None:
    assert squared_error(A, A).tolist() == [0, 0]


def test_both_sides_learn() -> None:
    a, b = (t.double().requires_grad_() for t in (A, B))
    assert torch.autograd.gradcheck(squared_error, (a, b))

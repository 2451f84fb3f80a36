"""The mutual information of two views against worked numbers, closed forms, and its gradient."""

import math

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.losses.iic import iic

A = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]], dtype=torch.float64)
B = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.4, 0.4, 0.2]], dtype=torch.float64)


def test_the_worked_values_symmetrized_and_not_and_with_another_exponent() -> None:
    assert iic(A, B).item() == pytest.approx(-0.0369029124, abs=1e-10)
    assert iic(A, B, symmetrize=False).item() == pytest.approx(-0.0382299356, abs=1e-10)
    assert iic(A, B, marginal_exponent=1.5).item() == pytest.approx(-1.1174305390, abs=1e-10)


def test_perfect_assignments_have_the_logarithm_of_their_number_and_collapsed_ones_nothing() -> None:
    one_hot = torch.eye(3, dtype=torch.float64)
    assert iic(one_hot, one_hot).item() == pytest.approx(-math.log(3), abs=1e-9)
    for same in (torch.full((4, 3), 1 / 3), torch.eye(1, 3).expand(4, 3)):
        assert iic(same.double(), same.double()).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_sixteen_bits_it_is_computed_in_thirty_two(dtype: torch.dtype) -> None:
    one_hot = torch.eye(3, dtype=dtype)
    assert iic(one_hot, one_hot).item() == pytest.approx(-math.log(3), abs=1e-6)


def test_the_gradient_goes_through_both_views_and_is_that_of_differences() -> None:
    def of_scores(a: Tensor, b: Tensor) -> Tensor:
        return iic(a.softmax(1), b.softmax(1))

    assert torch.autograd.gradcheck(of_scores, (A.log().requires_grad_(), B.log().requires_grad_()))

import pytest
import torch

from ssldsl.stdlib.losses.variance_hinge import variance_hinge


def test_features_that_vary_enough_cost_nothing_and_constant_ones_the_level() -> None:
    rows = torch.tensor([[2.0, 1.0], [-2.0, 1.0]], dtype=torch.float64)
    assert variance_hinge(rows, level=1.0).item() == pytest.approx((0 + 1 - 0.01) / 2, abs=1e-12)


def test_deviations_are_over_one_row_less() -> None:
    rows = torch.tensor([[0.3], [-0.3]], dtype=torch.float64)
    assert variance_hinge(rows).item() == pytest.approx(1 - (0.18 + 1e-4) ** 0.5, abs=1e-12)


def test_the_gradient_is_that_of_finite_differences() -> None:
    rows = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(variance_hinge, (rows,))

"""Barlow Twins, held against worked numbers."""

import pytest
import torch
from worked import A, B, double

from ssldsl.stdlib.losses.cross_correlation import cross_correlation


def test_two_written_views() -> None:
    a = double(A).requires_grad_()
    loss = cross_correlation(a, double(B))
    loss.backward()
    assert loss.item() == pytest.approx(0.0513384460, abs=1e-10)
    assert a.grad[0].tolist() == pytest.approx([-0.0030514680, -0.0211603676, -0.0723106946], abs=1e-10)


def test_features_without_correlation_cost_nothing() -> None:
    rows = torch.linalg.qr(torch.randn(16, 5, dtype=torch.float64) - 0.0).Q
    rows = torch.linalg.qr(rows - rows.mean(dim=0)).Q
    assert cross_correlation(rows, rows, off_diagonal=1.0, eps=1e-15).item() == pytest.approx(0.0, abs=1e-9)


def test_scale_and_place_of_features_do_not_count() -> None:
    moved = double(A) * torch.tensor([2.0, 0.5, 3.0]) + 7
    found = cross_correlation(moved, double(B), eps=1e-15).item()
    assert found == pytest.approx(cross_correlation(double(A), double(B), eps=1e-15).item(), abs=1e-9)

"""The penalty of AE-CM against numbers by hand."""

import pytest
import torch
from clustering import M

from ssldsl.stdlib.losses.orthonormality import orthonormality


@pytest.mark.parametrize(("norm", "expected"), [("absolute", 5.0), ("squared", 5.0)])
def test_the_penalty_by_hand(norm: str, expected: float) -> None:
    """M M^T - I is [[0, 0, -1], [0, 0, 1], [-1, 1, 1]]."""
    assert orthonormality(M, norm=norm).item() == expected  # type: ignore[arg-type]  # of a table


@pytest.mark.parametrize(("norm", "expected"), [("absolute", 6.0), ("squared", 18.0)])
def test_longer_centroids_cost_more_where_they_are_squared(norm: str, expected: float) -> None:
    assert orthonormality(2 * torch.eye(2), norm=norm).item() == expected  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("norm", ["absolute", "squared"])
def test_orthonormal_centroids_cost_nothing(norm: str) -> None:
    rows = torch.linalg.qr(torch.randn(5, 3, dtype=torch.float64)).Q.T
    assert orthonormality(rows, norm=norm).item() == pytest.approx(0, abs=1e-12)  # type: ignore[arg-type]  # as above


def test_the_gradient_is_that_of_finite_differences() -> None:
    rows = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(orthonormality, rows)
    assert torch.autograd.gradcheck(lambda mu: orthonormality(mu, norm="squared"), rows)

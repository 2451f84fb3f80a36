"""W-MSE, held against worked numbers."""

import pytest
import torch
from worked import A, B, double

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.losses.whitened_distance import white, whitened_distance

SETTINGS = {"size": 4, "eps": 0.1}


def rng(rows: int) -> SampleRng:
    return SampleRng(
        7, Rows(torch.arange(rows), torch.zeros(rows, dtype=torch.int64), torch.zeros(rows, dtype=torch.int64))
    )


def test_two_written_views() -> None:
    a = double(A).requires_grad_()
    loss = whitened_distance([a, double(B)], rng=rng(4), size=4)
    loss.backward()
    assert loss.item() == pytest.approx(0.1373347766, abs=1e-9)
    assert a.grad[0].tolist() == pytest.approx([-0.0284654348, -0.2363599413, 0.0], abs=1e-9)


def test_a_written_row_is_whitened_as_worked_out() -> None:
    assert white(double(A), 0.0)[0].tolist() == pytest.approx([1.0643592748, 0.3867779840, -0.9836371919], abs=1e-9)


def test_whitened_rows_have_no_covariance() -> None:
    rows = torch.randn(32, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) @ torch.diag(
        torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0], dtype=torch.float64)
    )
    torch.testing.assert_close(white(rows, 0.0).T.cov(), torch.eye(5, dtype=torch.float64), atol=1e-9, rtol=0)


def test_parts_are_drawn_at_random_and_alike_for_all_views() -> None:
    views = [torch.randn(24, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 0)]
    assert whitened_distance([views[0], views[1]], rng=rng(24), size=8).item() == pytest.approx(0.0, abs=1e-12)
    other = torch.randn(24, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    split, whole = (whitened_distance([views[0], other], rng=rng(24), size=size).item() for size in (8, 24))
    assert split != pytest.approx(whole, abs=1e-3)


def test_rows_that_are_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="3 rows of 3 dimensions"):
        whitened_distance([double(A), double(B)], rng=rng(4), size=3)

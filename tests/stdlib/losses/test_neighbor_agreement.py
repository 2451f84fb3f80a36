"""SCAN's consistency, held against worked numbers."""

import pytest
import torch
from worked import A, B, double

from ssldsl.stdlib.losses.neighbor_agreement import neighbor_agreement


def test_two_written_views() -> None:
    found = neighbor_agreement(double(A).softmax(1), double(B).softmax(1))
    assert found.mean().item() == pytest.approx(0.9509751908, abs=1e-9)


def test_equal_certain_clusters_cost_nothing_and_different_ones_a_hundred() -> None:
    assert neighbor_agreement(torch.eye(3), torch.eye(3)).tolist() == [0.0] * 3
    assert neighbor_agreement(torch.eye(3), torch.eye(3).roll(1, 0)).tolist() == [100.0] * 3

"""Anchor neighborhoods against TwoStageUC's worked example, and over more rows than one block holds."""

import pytest
import torch
from torch.nn.functional import normalize
from two_stage_uc import BANK

from ssldsl.stdlib.targets.entropy_neighbors import entropy_neighbors

SETTINGS = {"anchors": 0.5}  # with which the tests of all ops call it


def test_entropies_anchors_and_their_neighbors_are_the_worked_ones() -> None:
    found = entropy_neighbors(BANK, anchors=0.4, temperature=0.5)
    assert found.entropies.tolist() == pytest.approx([1.078958, 1.219899, 1.235297, 1.193497, 0.651250], abs=1e-6)
    assert found.anchors.tolist() == [1, 0, 0, 0, 1]
    assert found.neighbors.tolist() == [1, 1, 2, 3, 3]


def test_all_samples_have_a_neighbor_where_all_are_anchors_and_none_where_none_is() -> None:
    own = torch.arange(5)
    assert (entropy_neighbors(BANK, anchors=1.0).neighbors != own).all()
    assert torch.equal(entropy_neighbors(BANK, anchors=0.0).neighbors, own)


def test_blocks_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.stdlib.targets.entropy_neighbors.BLOCK", 30)
    torch.manual_seed(0)
    rows = normalize(torch.randn(107, 8, dtype=torch.float64), dim=1)
    logits = rows @ rows.T / 0.1
    p = logits.softmax(1)
    found = entropy_neighbors(rows, anchors=1.0)
    torch.testing.assert_close(found.entropies, -(p * p.log()).sum(1))
    assert torch.equal(found.neighbors, logits.fill_diagonal_(-torch.inf).argmax(1))

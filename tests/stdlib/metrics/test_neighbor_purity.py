"""Purity of anchors and their neighbors in TwoStageUC's worked example: 4 with 3, 0 with 1."""

import pytest
import torch
from two_stage_uc import BANK

from ssldsl.stdlib.metrics.neighbor_purity import neighbor_purity


@pytest.mark.parametrize(
    ("labels", "expected"), [([0, 0, 1, 2, 2], 1.0), ([0, 0, 1, 2, 3], 0.5), ([0, 1, 1, 2, 3], 0.0)]
)
def test_it_counts_the_anchors_whose_neighbor_is_of_their_class(labels: list[int], expected: float) -> None:
    assert neighbor_purity(3 * BANK, torch.tensor(labels), anchors=0.4, temperature=0.5) == expected


def test_without_anchors_it_is_nothing() -> None:
    assert neighbor_purity(BANK, torch.zeros(5, dtype=torch.int64), anchors=0.0) == 0.0

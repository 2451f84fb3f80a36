"""Neighbors as a field of samples: the worked example of TwoStageUC, and what a sample keeps."""

import torch
from two_stage_uc import BANK

from ssldsl.ops.samples import MemorySamples, field_of
from ssldsl.stdlib.data.with_neighbors import with_neighbors


def test_every_sample_knows_its_neighbor_and_keeps_all_else() -> None:
    data = MemorySamples.of("worked", vector=torch.rand(5, 2), label=torch.arange(5))
    found = with_neighbors(data, BANK, anchors=0.4, temperature=0.5)
    neighbors = field_of(found, "neighbor")
    assert neighbors is not None and neighbors.tolist() == [1, 1, 2, 3, 3]
    assert found.labels is not None and found.labels.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(found.ids, data.ids)

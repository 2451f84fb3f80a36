import torch

from ssldsl.stdlib.metrics.cluster_counts import cluster_counts


def test_every_cluster_is_counted_also_an_empty_one() -> None:
    scores = torch.tensor([[1.0, 0, 0], [2, 1, 0], [0, 3, 0], [float("nan"), 0, 0]])
    assert cluster_counts(scores).tolist() == [2, 1, 0]

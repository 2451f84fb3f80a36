from itertools import permutations

import pytest
import torch

from ssldsl.stdlib.metrics.clustering_accuracy import clustering_accuracy


def scores(clusters: list[int], count: int) -> torch.Tensor:
    return torch.eye(count)[torch.tensor(clusters)]


def test_the_numbers_of_clusters_do_not_matter() -> None:
    assert clustering_accuracy(scores([2, 2, 0, 0, 1], 3), torch.tensor([0, 0, 1, 1, 2])) == 1


def test_it_is_the_best_of_all_assignments() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(80, 4, generator=generator), torch.arange(80) % 4
    clusters = logits.argmax(dim=1)
    tried = (torch.tensor(p)[clusters] == labels for p in permutations(range(4)))
    assert clustering_accuracy(logits, labels) == pytest.approx(max(float(t.double().mean()) for t in tried))


@pytest.mark.parametrize(
    ("clusters", "count", "labels", "expected"),
    [([0, 1, 2, 3], 4, [0, 0, 1, 1], 0.5), ([0, 0, 0, 0], 1, [0, 1, 2, 2], 0.5)],
    ids=["more clusters than classes", "more classes than clusters"],
)
def test_clusters_and_classes_need_not_be_as_many(
    clusters: list[int], count: int, labels: list[int], expected: float
) -> None:
    assert clustering_accuracy(scores(clusters, count), torch.tensor(labels)) == expected

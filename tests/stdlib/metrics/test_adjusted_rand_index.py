import pytest
import torch

from ssldsl.stdlib.metrics.adjusted_rand_index import adjusted_rand_index


def test_pairs_are_counted_as_the_paper_does() -> None:
    # 6 samples, 15 pairs; joined in both: 2, by clusters: 6, by classes: 3, so expected 6 * 3 / 15
    clusters, labels = torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([0, 0, 1, 1, 2, 2])
    expected = (2 - 6 * 3 / 15) / ((6 + 3) / 2 - 6 * 3 / 15)
    assert adjusted_rand_index(torch.eye(2)[clusters], labels) == pytest.approx(expected)


def test_the_numbers_of_clusters_do_not_matter() -> None:
    assert adjusted_rand_index(torch.eye(3)[torch.tensor([2, 2, 0, 1])], torch.tensor([0, 0, 1, 2])) == 1


def test_clusters_by_chance_are_at_zero() -> None:
    logits = torch.randn(4000, 5, generator=torch.Generator().manual_seed(0))
    assert adjusted_rand_index(logits, torch.arange(4000) % 5) == pytest.approx(0, abs=0.01)

import pytest
import torch

from ssldsl.stdlib.metrics.confident_clusters import confident_clusters

LOGITS = torch.tensor([[0.05, 0.95], [0.4, 0.6], [0.97, 0.03], [0.92, 0.08], [0.3, 0.7]]).log()
LABELS = torch.tensor([0, 0, 1, 1, 0])


def test_share_and_accuracy_of_those_above_the_threshold() -> None:
    found = confident_clusters(LOGITS, LABELS)
    assert found.share == pytest.approx(0.6) and found.accuracy == 1


def test_the_matching_is_that_of_all_samples() -> None:
    labels = torch.tensor([0, 1, 1, 0, 0])  # of all, cluster 1 is class 0; of the confident, either would do
    assert confident_clusters(LOGITS, labels).accuracy == pytest.approx(2 / 3)


def test_of_no_sample_the_accuracy_is_nothing() -> None:
    assert confident_clusters(LOGITS, LABELS, threshold=0.99) == (0, 0)

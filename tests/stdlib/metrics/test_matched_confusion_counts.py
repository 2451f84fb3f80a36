"""The clustering of LSD-C's sheet (13.9): labels 0000111222 and clusters 1110000022, of which 0.8 are right."""

import torch
from torch.nn import functional

from ssldsl.stdlib.metrics.matched_confusion_counts import matched_confusion_counts

LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
SCORES = functional.one_hot(torch.tensor([1, 1, 1, 0, 0, 0, 0, 0, 2, 2])).float()


def test_clusters_stand_in_the_order_of_their_classes() -> None:
    found = matched_confusion_counts(SCORES, LABELS)
    assert found.tolist() == [[3, 1, 0], [0, 3, 0], [0, 1, 2]]
    assert found.diagonal().sum() / 10 == torch.tensor(0.8)


def test_clusters_without_a_class_follow() -> None:
    scores = functional.one_hot(torch.tensor([3, 3, 1, 0, 2, 2, 2, 1, 1, 1]), 4).float()
    found = matched_confusion_counts(scores, LABELS)
    assert found.tolist() == [[2, 0, 1, 1], [0, 3, 0, 0], [0, 0, 3, 0], [0, 0, 0, 0]]

import math

import numpy as np
import pytest
import torch

from ssldsl.stdlib.metrics import knn_accuracy as module
from ssldsl.stdlib.metrics.knn_accuracy import knn_accuracy


def clusters(n: int, spread: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 4
    return torch.eye(4)[labels] + spread * torch.randn(n, 4, generator=generator), labels


def test_it_agrees_with_a_weighted_vote_of_scikit_learn() -> None:
    from sklearn.neighbors import KNeighborsClassifier

    (bank, bank_labels), (features, labels) = clusters(300, 0.6, 0), clusters(100, 0.6, 1)
    voters = KNeighborsClassifier(20, metric="cosine", weights=lambda d: np.exp((1 - d) / 0.07))
    expected = voters.fit(bank.numpy(), bank_labels.numpy()).score(features.numpy(), labels.numpy())
    assert knn_accuracy(features, labels, bank, bank_labels) == pytest.approx(expected)


def test_a_nearest_neighbor_may_outvote_many_distant_ones() -> None:
    bank = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    at = torch.tensor([[1.0, 0.1]])
    assert knn_accuracy(at, torch.tensor([0]), bank, torch.tensor([0, 1, 1]), k=3) == 1
    assert knn_accuracy(at, torch.tensor([0]), bank, torch.tensor([0, 1, 1]), k=3, temperature=100.0) == 0


def test_the_length_of_features_does_not_matter() -> None:
    (bank, bank_labels), (features, labels) = clusters(60, 0.6, 0), clusters(40, 0.6, 1)
    assert knn_accuracy(features * 50, labels, bank * 0.01, bank_labels) == knn_accuracy(
        features, labels, bank, bank_labels
    )


def test_chunks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    (bank, bank_labels), (features, labels) = clusters(60, 0.9, 0), clusters(40, 0.9, 1)
    whole = knn_accuracy(features, labels, bank, bank_labels, k=5)
    monkeypatch.setattr(module, "CHUNK", 7)
    assert knn_accuracy(features, labels, bank, bank_labels, k=5) == whole


@pytest.mark.parametrize(("similarities", "most"), [(600, 2), (299, 1)])
def test_similarities_held_at_once_do_not_grow_with_the_bank(
    monkeypatch: pytest.MonkeyPatch, similarities: int, most: int
) -> None:
    (bank, bank_labels), (features, labels) = clusters(300, 0.6, 0), clusters(30, 0.6, 1)
    whole, held, split = knn_accuracy(features, labels, bank, bank_labels), [], torch.split

    def watched(tensor: torch.Tensor, size: int) -> tuple[torch.Tensor, ...]:
        held.append(size)
        return split(tensor, size)

    monkeypatch.setattr(module, "SIMILARITIES", similarities)
    monkeypatch.setattr(torch, "split", watched)
    assert knn_accuracy(features, labels, bank, bank_labels) == whole
    assert set(held) == {most}


def test_a_small_bank_votes_as_a_whole() -> None:
    assert knn_accuracy(torch.eye(2), torch.tensor([0, 1]), torch.eye(2), torch.tensor([0, 1]), k=20) == 1


def test_one_near_neighbor_outvotes_two_up_to_the_temperature_of_the_golden_ratio() -> None:
    # similarities .9, .8, .7: e^(.9/T) = e^(.8/T) + e^(.7/T) where x^2 = x + 1 for x = e^(.1/T)
    similarities = torch.tensor([0.9, 0.8, 0.7])
    bank = torch.stack([similarities, (1 - similarities.square()).sqrt()], dim=1)
    turn = 0.1 / math.log((1 + math.sqrt(5)) / 2)
    for temperature, winner in ((0.07, 0), (0.99 * turn, 0), (1.01 * turn, 1)):
        at, labels = torch.tensor([[1.0, 0.0]]), torch.tensor([0, 1, 1])
        assert knn_accuracy(at, torch.tensor([winner]), bank, labels, k=3, temperature=temperature) == 1


def test_one_near_sample_outvotes_two_that_are_a_little_farther() -> None:
    similarities, labels = torch.tensor([0.9, 0.8, 0.85, 0.2]), torch.tensor([0, 1, 1, 0])
    bank = torch.stack([similarities, (1 - similarities.square()).sqrt()], dim=1)
    query = torch.tensor([[1.0, 0.0]])
    assert knn_accuracy(query, torch.tensor([0]), bank, labels, k=3, temperature=0.1) == 1.0
    assert knn_accuracy(query, torch.tensor([0]), bank, labels, k=3, temperature=1.0) == 0.0

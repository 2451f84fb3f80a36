import pytest
import torch

from ssldsl.stdlib.metrics.linear_probe_accuracy import linear_probe_accuracy


def test_separable_features_are_told_apart_whatever_their_scale() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 3
    features = torch.eye(3)[labels] + 0.05 * torch.randn(200, 3, generator=generator)
    features = torch.cat((features * torch.tensor([1e-4, 1.0, 1e4]), torch.ones(200, 1)), dim=1)
    assert linear_probe_accuracy(features[:100], labels[:100], features[100:], labels[100:]) == 1


def test_features_without_information_are_no_better_than_chance() -> None:
    labels = torch.arange(300) % 3
    assert linear_probe_accuracy(torch.zeros(300, 2), labels, torch.zeros(300, 2), labels) == 1 / 3


def test_the_result_does_not_depend_on_chance() -> None:
    features, labels = torch.randn(100, 5), torch.arange(100) % 2
    torch.manual_seed(1)
    first = linear_probe_accuracy(features[:50], labels[:50], features[50:], labels[50:])
    torch.manual_seed(2)
    assert linear_probe_accuracy(features[:50], labels[:50], features[50:], labels[50:]) == first


def test_a_fit_that_is_cut_short_is_said_in_our_words() -> None:
    generator = torch.Generator().manual_seed(0)
    features, labels = torch.randn(60, 5, generator=generator), torch.arange(60) % 3
    with pytest.warns(UserWarning, match="not converged after 1 iterations: raise `iterations`"):
        linear_probe_accuracy(features, labels, features, labels, iterations=1)


def test_a_bank_of_one_class_gives_every_sample_that_class() -> None:
    labels = torch.tensor([0, 1, 1, 1])
    assert linear_probe_accuracy(torch.eye(4), labels, torch.eye(4), torch.ones(4, dtype=torch.int64)) == 0.75

import pytest
import torch

from ssldsl.stdlib.metrics.balanced_accuracy import balanced_accuracy


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    labels = torch.tensor([0] * 9 + [1])
    assert balanced_accuracy(torch.tensor([[1.0, 0.0]]).expand(10, 2), labels) == 0.5


def test_it_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import balanced_accuracy_score

    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(200, 7, generator=generator), torch.arange(200).sqrt().long() % 7
    expected = balanced_accuracy_score(labels.numpy(), logits.argmax(1).numpy())
    assert balanced_accuracy(logits, labels) == pytest.approx(expected)


def test_a_class_without_samples_does_not_count() -> None:
    assert balanced_accuracy(torch.eye(4)[:2], torch.tensor([0, 1])) == 1

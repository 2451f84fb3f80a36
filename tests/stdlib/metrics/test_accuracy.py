import pytest
import torch

from ssldsl.stdlib.metrics.accuracy import accuracy

LOGITS = torch.tensor([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [2.0, 3.0, 1.0], [1.0, 3.0, 2.0]])


@pytest.mark.parametrize(("k", "expected"), [(1, 0.25), (2, 0.75)])
def test_the_true_class_is_among_the_best(k: int, expected: float) -> None:
    assert accuracy(LOGITS, torch.tensor([0, 1, 0, 0]), k=k) == expected


@pytest.mark.parametrize("k", [3, 7])
def test_among_all_classes_the_true_one_always_is_and_that_is_said(k: int) -> None:
    with pytest.warns(UserWarning, match=f"always among the {k} best of 3 classes"):
        assert accuracy(LOGITS, torch.tensor([0, 1, 0, 0]), k=k) == 1


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_sample_with_a_score_that_is_not_a_number_is_wrong(column: int) -> None:
    logits = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    logits[0, column] = torch.nan
    assert accuracy(logits, torch.tensor([0, 0])) == 0.5


def test_it_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import top_k_accuracy_score

    logits, labels = torch.randn(200, 10), torch.arange(200) % 10
    expected = top_k_accuracy_score(labels.numpy(), logits.numpy(), k=5)
    assert accuracy(logits, labels, k=5) == pytest.approx(expected)


def test_constant_scores_are_no_better_than_chance() -> None:
    assert accuracy(torch.zeros(10, 10), torch.arange(10)) == 0.1

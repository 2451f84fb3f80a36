import torch

from ssldsl.stdlib.metrics.confusion_counts import confusion_counts


def test_rows_are_true_classes_and_columns_predicted_ones() -> None:
    logits = torch.eye(3)[torch.tensor([0, 1, 1, 2, 0])]
    found = confusion_counts(logits, torch.tensor([0, 1, 0, 0, 0]))
    assert found.tolist() == [[2, 1, 1], [0, 1, 0], [0, 0, 0]]


def test_it_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import confusion_matrix

    logits, labels = torch.randn(200, 7), torch.arange(200) % 7
    expected = confusion_matrix(labels.numpy(), logits.argmax(1).numpy())
    assert confusion_counts(logits, labels).tolist() == expected.tolist()


def test_a_sample_with_a_score_that_is_not_a_number_stands_in_no_cell() -> None:
    logits = torch.tensor([[torch.nan, 0.0], [0.0, torch.nan], [0.0, 1.0]])
    assert confusion_counts(logits, torch.tensor([0, 1, 0])).tolist() == [[0, 1], [0, 0]]

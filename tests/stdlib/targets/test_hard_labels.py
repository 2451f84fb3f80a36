import torch

from ssldsl.stdlib.targets.hard_labels import hard_labels


def test_the_best_class_is_the_label_and_of_equals_the_first() -> None:
    logits = torch.tensor([[0.0, 2.0, 1.0], [3.0, 3.0, 0.0]], requires_grad=True)
    labels = hard_labels(logits)
    assert labels.tolist() == [1, 0] and not labels.requires_grad


def test_probabilities_have_the_labels_of_their_scores() -> None:
    logits = torch.randn(20, 7, generator=torch.Generator().manual_seed(0))
    assert hard_labels(logits.softmax(1)).equal(hard_labels(logits))

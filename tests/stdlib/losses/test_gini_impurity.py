"""Gini impurity against its closed forms."""

import pytest
import torch
from clustering import GAMMA

from ssldsl.stdlib.losses.gini_impurity import gini_impurity


def test_the_sum_over_the_worked_example_by_hand() -> None:
    assert gini_impurity(GAMMA).tolist() == pytest.approx([0.62, 0.34, 0.625])


@pytest.mark.parametrize("classes", [2, 10])
def test_uniform_predictions_are_the_least_pure(classes: int) -> None:
    assert gini_impurity(torch.full((1, classes), 1 / classes)).item() == pytest.approx(1 - 1 / classes)


def test_one_hot_is_pure() -> None:
    assert gini_impurity(torch.eye(3)).tolist() == [0, 0, 0]


def test_the_gradient_is_that_of_finite_differences() -> None:
    logits = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: gini_impurity(a.softmax(dim=1)), logits)

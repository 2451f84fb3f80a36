"""Held against torch, the divergence, and the worked value of Suave."""

import pytest
import torch
from torch.nn import functional

from ssldsl.stdlib.losses.entropy import entropy
from ssldsl.stdlib.losses.kl import kl
from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy

STUDENT = torch.tensor([[1, 0, -1], [0, 2, 0]], dtype=torch.float64)
TEACHER = torch.tensor([[2, 0, 0], [0, 1, 1]], dtype=torch.float64).softmax(1)


def test_cross_entropy_is_divergence_plus_the_entropy_of_the_target() -> None:
    target = torch.tensor([[1, 3, 0.5], [0, 0, 2]], dtype=torch.float64)
    total = kl(STUDENT, target.softmax(1)).mean() + entropy(target).mean()
    assert soft_cross_entropy(STUDENT, target.softmax(1)).mean().item() == pytest.approx(total.item())


def test_soft_cross_entropy_divides_only_the_scores_by_the_temperature() -> None:
    expected = functional.cross_entropy(STUDENT / 0.1, TEACHER)
    assert soft_cross_entropy(STUDENT, TEACHER, temperature=0.1).mean().item() == pytest.approx(expected.item())


def test_smoothing_and_temperature_on_mixed_labels_give_the_worked_value_of_suave() -> None:
    scores = torch.tensor([[0.6, 0.1, 0], [0.1, 0.2, 0.5]], dtype=torch.float64)
    labels = torch.tensor([[1, 0, 0], [0, 0.3, 0.7]], dtype=torch.float64)
    found = soft_cross_entropy(scores, labels, temperature=0.1, smoothing=0.01).mean()
    assert found.item() == pytest.approx(0.513029, abs=1e-6)


def test_smoothing_of_distributions_is_that_of_labels() -> None:
    labels = torch.tensor([2, 0])
    one_hot = functional.one_hot(labels, 3).double()
    expected = functional.cross_entropy(STUDENT / 0.5, labels, label_smoothing=0.2)
    found = soft_cross_entropy(STUDENT, one_hot, temperature=0.5, smoothing=0.2).mean()
    assert found.item() == pytest.approx(expected.item())


def test_gradient_matches_finite_differences() -> None:
    assert torch.autograd.gradcheck(lambda z: soft_cross_entropy(z, TEACHER), (STUDENT.clone().requires_grad_(),))

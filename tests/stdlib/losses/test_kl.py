"""Held against the oracle of Mean Teacher."""

import pytest
import torch
from torch.nn import functional

from ssldsl.stdlib.losses.kl import kl

STUDENT = torch.tensor([[1, 0, -1], [0, 2, 0]], dtype=torch.float64)
TEACHER = torch.tensor([[2, 0, 0], [0, 1, 1]], dtype=torch.float64).softmax(1)


def test_divergence_is_that_of_the_oracle() -> None:
    assert kl(STUDENT, TEACHER).mean().item() == pytest.approx(0.2195520907, abs=1e-10)


def test_divergence_of_a_masked_target_is_that_of_uda() -> None:
    target = (torch.tensor([[2, 1, 0]], dtype=torch.float64) / 0.4).softmax(1)
    assert kl(torch.tensor([[1, 1, 0]], dtype=torch.float64), target).mean().item() == pytest.approx(
        0.5636725467, abs=1e-10
    )


def test_divergence_is_zero_at_the_target_and_finite_for_one_hot_targets() -> None:
    one_hot = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
    assert kl(STUDENT, STUDENT.softmax(1)).mean().item() == pytest.approx(0, abs=1e-15)
    assert kl(STUDENT[:1], one_hot).mean().item() == pytest.approx(
        functional.cross_entropy(STUDENT[:1], torch.tensor([0])).item()
    )


def test_gradient_matches_finite_differences() -> None:
    assert torch.autograd.gradcheck(lambda z: kl(z, TEACHER), (STUDENT.clone().requires_grad_(),))

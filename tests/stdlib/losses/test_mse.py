"""Held against the oracle of Mean Teacher."""

import pytest
import torch

from ssldsl.stdlib.losses.mse import mse

STUDENT = torch.tensor([[1, 0, -1], [0, 2, 0]], dtype=torch.float64)
TEACHER = torch.tensor([[2, 0, 0], [0, 1, 1]], dtype=torch.float64).softmax(1)


def test_squared_distance_is_that_of_the_oracle() -> None:
    assert mse(STUDENT.softmax(1), TEACHER).mean().item() == pytest.approx(0.0448841126, abs=1e-10)


def test_gradient_matches_finite_differences() -> None:
    assert torch.autograd.gradcheck(lambda z: mse(z.softmax(1), TEACHER), (STUDENT.clone().requires_grad_(),))

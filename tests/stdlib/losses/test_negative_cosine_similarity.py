"""The cosine of two rows against numbers worked out apart from it, and against torch."""

import pytest
import torch

from ssldsl.stdlib.losses.negative_cosine_similarity import negative_cosine_similarity

A = torch.tensor([[1, 0.2, -0.4], [-0.3, 0.8, 0.5], [0.6, -0.7, 0.9], [-0.8, -0.5, 0.1]], dtype=torch.float64)
B = torch.tensor([[0.9, 0.4, -0.1], [-0.1, 0.6, 0.8], [0.3, -0.9, 0.7], [-0.9, -0.2, -0.3]], dtype=torch.float64)


def test_the_symmetric_loss_of_simsiam_and_its_gradient() -> None:
    p = A.clone().requires_grad_()
    loss = (negative_cosine_similarity(p, B).mean() + negative_cosine_similarity(B, A).mean()) / 2
    loss.backward()
    assert loss.item() == pytest.approx((0.3378588041 - 4) / 4, abs=1e-10)
    expected = torch.tensor([-0.0230534723, -0.1060459726, -0.1106566670], dtype=torch.float64) / 4
    torch.testing.assert_close(p.grad[0], expected, atol=1e-10, rtol=0)


def test_lengths_do_not_matter() -> None:
    torch.testing.assert_close(negative_cosine_similarity(3 * A, B), negative_cosine_similarity(A, 0.1 * B))


def test_the_same_direction_costs_minus_one_and_the_opposite_one() -> None:
    torch.testing.assert_close(negative_cosine_similarity(A, A), -torch.ones(4, dtype=torch.float64))
    torch.testing.assert_close(negative_cosine_similarity(A, -A), torch.ones(4, dtype=torch.float64))

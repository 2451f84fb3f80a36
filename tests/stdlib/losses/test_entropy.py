import math

import pytest
import torch

from ssldsl.stdlib.losses.entropy import entropy

LOGITS = torch.tensor([[1, 2, 3], [0, 0, 0], [5, 0, -5]], dtype=torch.float64)


def test_value_and_gradient_are_those_of_the_oracle() -> None:
    logits = LOGITS.clone().requires_grad_()
    value = entropy(logits).mean()
    value.backward()
    assert value.item() == pytest.approx(0.6572273334, abs=1e-10)
    expected = [[0.0472723645, 0.0469234525, -0.0941958170], [0, 0, 0], [-0.0112283959, 0.0110785922, 0.0001498037]]
    torch.testing.assert_close(logits.grad, torch.tensor(expected, dtype=torch.float64), atol=1e-9, rtol=0)


def test_uniform_predictions_have_the_largest_entropy() -> None:
    assert entropy(torch.zeros(3, 10)).mean().item() == pytest.approx(math.log(10))


def test_certain_predictions_have_none_and_a_finite_gradient() -> None:
    logits = torch.tensor([[1e4, 0.0, -1e4]], requires_grad=True)
    value = entropy(logits).mean()
    value.backward()
    assert value.item() == 0 and logits.grad is not None and logits.grad.isfinite().all()


def test_a_constant_added_to_all_scores_changes_nothing() -> None:
    assert entropy(LOGITS + 3).mean().item() == pytest.approx(entropy(LOGITS).mean().item())


def test_gradient_matches_finite_differences() -> None:
    logits = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(entropy, (logits,))


def test_each_row_has_the_entropy_of_the_oracle() -> None:
    assert entropy(LOGITS).tolist() == pytest.approx([0.8323955818, 1.0986122887, 0.0406741295], abs=1e-10)

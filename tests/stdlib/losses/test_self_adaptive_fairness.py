"""FreeMatch's fairness against its worked numbers, its limits and its gradient."""

import torch
from torch import Tensor

from ssldsl.stdlib.losses.self_adaptive_fairness import self_adaptive_fairness

LOGITS = torch.tensor([[2, 1, 0], [0, 1, 0.5], [0, 0, 2], [1, 0, 0]], dtype=torch.float64)
MEAN = torch.tensor([0.3388132684, 0.3294722381, 0.3317144935]).double()
HISTOGRAM = torch.tensor([0.35, 0.325, 0.325]).double()


def fairness(logits: Tensor, kept: list[float]) -> Tensor:
    return self_adaptive_fairness(logits, torch.tensor(kept).double(), MEAN, HISTOGRAM)


def test_a_step_has_the_worked_value() -> None:
    torch.testing.assert_close(fairness(LOGITS, [1, 1, 1, 0]).item(), -1.1067679343, atol=1e-8, rtol=0)


def test_without_kept_rows_it_is_zero_with_a_gradient_of_zero() -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = fairness(logits, [0, 0, 0, 0])
    loss.backward()
    assert loss.item() == 0 and logits.grad is not None and logits.grad.abs().max() == 0


def test_the_gradient_is_that_of_differences_and_reaches_kept_rows_alone() -> None:
    logits = LOGITS.clone().requires_grad_()
    fairness(logits, [1, 1, 1, 0]).backward()
    for row, column in ((0, 0), (1, 2), (2, 1)):
        moved = [LOGITS.clone(), LOGITS.clone()]
        for sign, changed in zip((1, -1), moved, strict=True):
            changed[row, column] += sign * 1e-6
        expected = (fairness(moved[0], [1, 1, 1, 0]) - fairness(moved[1], [1, 1, 1, 0])) / 2e-6
        torch.testing.assert_close(logits.grad[row, column], expected, atol=1e-8, rtol=1e-6)
    assert logits.grad[3].abs().max() == 0

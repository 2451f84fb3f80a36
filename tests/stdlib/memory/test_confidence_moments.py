"""Moments of confidences against the worked numbers of SoftMatch and FreeMatch."""

import pytest
import torch

from ssldsl.stdlib.memory.confidence_moments import ConfidenceMoments

FIRST = torch.tensor([[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]], dtype=torch.float64).softmax(1)
SECOND = torch.tensor([[0, 0, 5], [3, 1, 0], [0.4, 0, 0], [0, 3, 1]], dtype=torch.float64).softmax(1)


def test_two_steps_have_the_worked_moments_with_the_step_itself() -> None:
    made = ConfidenceMoments(3, momentum=0.9).double()
    made.mean.fill_(1 / 3)
    for probs, mean, variance in ((FIRST, 0.3740652333, 0.9067486168), (SECOND, 0.4141968680, 0.8219145761)):
        found = made(probs)
        assert (found.mean.item(), found.variance.item()) == pytest.approx((mean, variance), abs=1e-9)
        made.commit(probs)


def test_one_row_has_no_spread() -> None:
    assert ConfidenceMoments(3, momentum=0.5)(FIRST[:1].float()).variance.item() == 0.5

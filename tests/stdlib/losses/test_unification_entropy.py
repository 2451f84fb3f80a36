"""Unification entropy against TwoStageUC's worked number, exact and as released, with its gradient and its bound."""

import math

import pytest
import torch
from two_stage_uc import BANK, POSITIONS, ROWS, differences, gradient

from ssldsl.stdlib.losses.unification_entropy import unification_entropy


def test_with_the_released_mask_it_has_the_worked_value() -> None:
    found = unification_entropy(ROWS, BANK, POSITIONS, temperature=0.5, own="released").mean()
    assert found.item() == pytest.approx(1.1666252721, abs=1e-10)


def test_exactly_it_is_the_entropy_over_the_other_samples() -> None:
    logits = ROWS @ BANK.T / 0.5
    rest = torch.stack([torch.cat([row[:i], row[i + 1 :]]) for row, i in zip(logits, POSITIONS, strict=True)])
    p = rest.softmax(1)
    found = unification_entropy(ROWS, BANK, POSITIONS, temperature=0.5)
    torch.testing.assert_close(found, -(p * p.log()).sum(1))
    assert (found <= math.log(4)).all()


@pytest.mark.parametrize("own", ["left_out", "released"])
def test_the_gradient_is_finite_and_that_of_differences(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.ops.contract.check_values", lambda *arguments: None)  # moved off the circle
    rows = ROWS.clone().requires_grad_()
    found = gradient(unification_entropy(rows, BANK, POSITIONS, temperature=0.5, own=own).mean(), rows)
    expected = differences(lambda z: unification_entropy(z, BANK, POSITIONS, temperature=0.5, own=own).mean(), ROWS)
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-6)

"""AND's loss against TwoStageUC's worked numbers, in value and gradient, and in its limit of no anchors."""

import pytest
import torch
from two_stage_uc import BANK, NEIGHBORS, POSITIONS, ROWS, differences, gradient

from ssldsl.stdlib.losses.instance_discrimination import instance_discrimination
from ssldsl.stdlib.losses.neighborhood_discrimination import neighborhood_discrimination


def test_rows_have_the_worked_probabilities_and_their_mean_the_worked_loss() -> None:
    losses = neighborhood_discrimination(ROWS, BANK, POSITIONS, NEIGHBORS, temperature=0.5)
    expected = torch.tensor([0.903077, 0.405889, 0.908442, 0.259375]).double()
    torch.testing.assert_close(losses.neg().exp(), expected, atol=1e-6, rtol=0)
    assert losses.mean().item() == pytest.approx(0.6122821715, abs=1e-10)


def test_the_gradient_is_that_of_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.ops.contract.check_values", lambda *arguments: None)  # moved off the circle
    rows = ROWS.clone().requires_grad_()
    found = gradient(neighborhood_discrimination(rows, BANK, POSITIONS, NEIGHBORS, temperature=0.5).mean(), rows)
    expected = differences(
        lambda z: neighborhood_discrimination(z, BANK, POSITIONS, NEIGHBORS, temperature=0.5).mean(), ROWS
    )
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-6)


def test_samples_that_are_their_own_neighbors_are_told_apart_alone() -> None:
    found = neighborhood_discrimination(ROWS, BANK, POSITIONS, POSITIONS)
    assert torch.equal(found, instance_discrimination(ROWS, BANK, POSITIONS))

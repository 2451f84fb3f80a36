"""Instance discrimination against a bank: a closed form, its expectation for random features, its gradient."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize
from two_stage_uc import BANK, POSITIONS, ROWS, gradient

from ssldsl.stdlib.losses.instance_discrimination import instance_discrimination


def test_it_is_the_cross_entropy_of_the_worked_logits() -> None:
    logits = [
        [-1.931852, -1.992389, -0.517638, -0.174311, 1.992389],
        [1.732051, 1.969616, 1, 0.684040, -1.969616],
        [-1.414214, -1.812616, -1.414214, -1.147153, 1.812616],
        [1, 1.532089, 1.732051, 1.532089, -1.532089],
    ]
    expected = cross_entropy(torch.tensor(logits).double(), POSITIONS, reduction="none")
    found = instance_discrimination(ROWS, BANK, POSITIONS, temperature=0.5)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_random_features_have_the_loss_of_chance() -> None:
    torch.manual_seed(0)
    bank, z = (normalize(torch.randn(n, 128), dim=1) for n in (20_000, 200))
    found = instance_discrimination(z, bank, torch.arange(200)).mean().item()
    assert found == pytest.approx(math.log(20_000) + 1 / (2 * 0.1**2 * 128), abs=0.1)


def test_the_gradient_is_the_mean_of_the_bank_less_the_own_row() -> None:
    rows = ROWS.clone().requires_grad_()
    found = gradient(instance_discrimination(rows, BANK, POSITIONS, temperature=0.5).sum(), rows)
    p = (ROWS @ BANK.T / 0.5).softmax(1)
    torch.testing.assert_close(found, (p @ BANK - BANK[POSITIONS]) / 0.5)

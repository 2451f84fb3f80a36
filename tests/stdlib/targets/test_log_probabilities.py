"""Logarithms of probabilities: their powers are those of softmax."""

import torch

from ssldsl.stdlib.targets.log_probabilities import log_probabilities


def test_powers_are_the_softmax_at_the_temperature() -> None:
    logits = torch.tensor([[1.0, -2.0, 0.5], [300.0, 0.0, -300.0]], dtype=torch.float64)
    found = log_probabilities(logits, temperature=0.5)
    torch.testing.assert_close(found.exp(), (2 * logits).softmax(dim=-1))
    assert found.isfinite().all()

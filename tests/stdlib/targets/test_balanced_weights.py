"""Weights of SCAN's self-labeling, held against worked numbers."""

import pytest
import torch
from worked import A, B, double

from ssldsl.stdlib.losses.cross_entropy import cross_entropy
from ssldsl.stdlib.losses.weighted_mean import weighted_mean
from ssldsl.stdlib.targets.balanced_weights import balanced_weights


def test_self_labeling_weighs_classes_alike() -> None:
    p = (4 * double(A)).softmax(dim=1)
    guess, kept = p.argmax(dim=1), (p.amax(dim=1) > 0.75).double()
    losses = cross_entropy(double(B), guess)
    assert weighted_mean(losses, balanced_weights(guess, kept)).item() == pytest.approx(0.8272512680, abs=1e-9)
    assert weighted_mean(losses, kept).item() == pytest.approx(0.8208365035, abs=1e-9)


def test_the_weights_of_a_class_add_up_to_one() -> None:
    found = balanced_weights(torch.tensor([2, 0, 2, 2, 1]), torch.tensor([1.0, 1, 0, 1, 0]))
    assert found.tolist() == [0.5, 1, 0, 0.5, 0]

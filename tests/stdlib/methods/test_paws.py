"""PAWS. Worked numbers were computed with NumPy in float64 and agree with the authors' code."""

import pytest
from paws_numbers import guesses, targets

from ssldsl.stdlib.losses.crop_cross_entropy import crop_cross_entropy
from ssldsl.stdlib.losses.marginal_entropy import marginal_entropy
from ssldsl.stdlib.targets.sharpen import sharpen


def test_the_total_has_the_worked_value() -> None:
    spread = marginal_entropy([sharpen(p, temperature=0.25) for p in guesses()])
    assert (crop_cross_entropy(guesses(), targets()).mean() - spread).item() == pytest.approx(-0.551735, abs=1e-6)

"""PAWS. Worked numbers were computed with NumPy in float64 and agree with the authors' code."""

import math

import pytest
import torch
from paws_numbers import double, guesses, targets

from ssldsl.stdlib.losses.crop_cross_entropy import crop_cross_entropy


def test_the_cross_entropy_has_the_worked_value() -> None:
    assert crop_cross_entropy(guesses(), targets()).mean().item() == pytest.approx(0.141337, abs=1e-6)


def test_exchanging_the_large_crops_changes_nothing() -> None:
    first, second, small = guesses()
    exchanged = crop_cross_entropy([second, first, small], targets()[::-1]).mean()
    torch.testing.assert_close(exchanged, crop_cross_entropy(guesses(), targets()).mean())


def test_small_parts_of_a_target_count_nothing() -> None:
    wanted = [double([[0.99995, 0.00005]]), double([[0.99995, 0.00005]])]
    predicted = [double([[0.5, 0.5]]), double([[0.5, 0.5]])]
    assert crop_cross_entropy(predicted, wanted).mean().item() == pytest.approx(0.99995 * math.log(2), abs=1e-12)


def test_one_crop_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="2 targets for 1 crops"):
        crop_cross_entropy(guesses()[:1], targets())

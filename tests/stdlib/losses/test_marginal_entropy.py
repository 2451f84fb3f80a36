"""PAWS. Worked numbers were computed with NumPy in float64 and agree with the authors' code."""

import math

import pytest
import torch
from paws_numbers import guesses
from torch.nn.functional import one_hot as certain

from ssldsl.stdlib.losses.marginal_entropy import marginal_entropy
from ssldsl.stdlib.targets.sharpen import sharpen


def test_the_regularizer_has_the_worked_value() -> None:
    sharp = [sharpen(p, temperature=0.25) for p in guesses()]
    assert torch.cat(sharp).mean(dim=0).tolist() == pytest.approx([0.506128, 0.493872], abs=1e-6)
    assert -marginal_entropy(sharp).item() == pytest.approx(-0.693072, abs=1e-6)


def test_the_entropy_is_largest_where_all_classes_are_used_alike() -> None:
    assert marginal_entropy([torch.eye(5), torch.eye(5)]).item() == pytest.approx(math.log(5))


def test_one_class_for_all_has_no_entropy() -> None:
    assert marginal_entropy([certain(torch.zeros(4, dtype=torch.int64), 3).float()]).item() == 0

"""The divergence from a power law: none for the law itself, that from the uniform one with exponent 0."""

import math

import pytest
import torch

from ssldsl.stdlib.losses.power_law_kl import power_law_kl


def test_it_is_zero_where_classes_are_as_frequent_as_the_law_says() -> None:
    law = torch.tensor([k**-0.5 for k in (1, 2, 3)], dtype=torch.float64)
    rows = (law / law.sum()).repeat(2, 1)
    assert power_law_kl([rows, rows], exponent=0.5).item() == pytest.approx(0, abs=1e-12)
    assert power_law_kl([rows, rows], exponent=0.25).item() > 1e-3


def test_with_exponent_0_all_classes_are_wanted_alike() -> None:
    rows = torch.tensor([[0.9, 0.1], [0.3, 0.7]], dtype=torch.float64)  # 0.6 and 0.4 in the mean
    expected = -math.log(2) - (math.log(0.6) + math.log(0.4)) / 2
    assert power_law_kl([rows], exponent=0).item() == pytest.approx(expected, abs=1e-12)

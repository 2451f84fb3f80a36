"""Expected thresholds are those of the released code of UDA."""

import pytest

from ssldsl.stdlib.schedules.exp_ramp import exp_ramp


def test_exponential_ramp_gives_the_threshold_of_uda() -> None:
    assert exp_ramp(50, 100) * (1 - 1 / 10) + 1 / 10 == pytest.approx(0.173876, abs=1e-6)


def test_without_a_length_it_takes_the_whole_run() -> None:
    assert exp_ramp(99, 100) < 1 == exp_ramp(100, 100)


def test_nothing_is_divided_by_a_length_of_zero() -> None:
    assert exp_ramp(0, 0) == 1

"""Expected numbers: UDA, sec. 3.2: 1 - exp(-5 t / T)."""

import pytest

from ssldsl.stdlib.schedules.log_ramp import log_ramp


def test_values_of_the_logarithmic_schedule() -> None:
    found = [log_ramp(step, 100) for step in (0, 20, 50, 100)]
    assert found == pytest.approx([0, 0.6321205588, 0.9179150014, 0.9932620530], abs=1e-10)


def test_it_stays_behind_its_length() -> None:
    assert log_ramp(80, 100, length=40.0) == log_ramp(40, 100, length=40.0)

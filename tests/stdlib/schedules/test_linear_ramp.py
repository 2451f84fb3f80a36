"""Expected temperatures are those of the released code of DINO."""

import pytest

from ssldsl.stdlib.schedules.linear_ramp import linear_ramp


def test_the_temperature_of_the_teacher_changes_once_an_epoch() -> None:
    epoch = 3
    values = [0.04, 0.043333, 0.046667, 0.05, 0.053333, 0.056667, 0.06, 0.063333, 0.066667, 0.07, 0.07, 0.07]
    found = [
        0.04 + 0.03 * linear_ramp(s, 100, length=10 * epoch, every=epoch, endpoint=True) for s in range(12 * epoch)
    ]
    assert found == pytest.approx([v for v in values for _ in range(epoch)], abs=1e-6)


def test_a_staircase_without_an_endpoint_reaches_its_end_after_its_length() -> None:
    found = [linear_ramp(s, 100, length=6, every=3) for s in (0, 2, 3, 5, 6, 50)]
    assert found == [0, 0, 0.5, 0.5, 1, 1]


def test_without_a_length_it_takes_the_whole_run() -> None:
    assert [linear_ramp(step, 100) for step in (0, 25, 100)] == [0, 0.25, 1]


def test_a_linear_ramp_may_fall() -> None:
    assert [linear_ramp(s, 100, length=10, start=1.0, to=0.5) for s in (0, 5, 10, 50)] == [1, 0.75, 0.5, 0.5]


def test_nothing_is_divided_by_a_length_of_zero() -> None:
    assert linear_ramp(0, 10, length=0) == 1

"""Expected weights are those of the released code of Mean Teacher."""

import pytest

from ssldsl.stdlib.schedules.sigmoid_ramp import sigmoid_ramp


def test_sigmoid_ramp_gives_the_weights_of_mean_teacher() -> None:
    found = [sigmoid_ramp(s, 400_000, length=200_000) for s in (0, 50_000, 100_000, 150_000, 200_000, 300_000)]
    assert found == pytest.approx([0.0067379, 0.0600547, 0.2865048, 0.7316156, 1, 1], abs=1e-7)


def test_without_a_length_it_takes_the_whole_run() -> None:
    assert sigmoid_ramp(99, 100) < 1 == sigmoid_ramp(100, 100)


def test_nothing_is_divided_by_a_length_of_zero() -> None:
    assert sigmoid_ramp(0, 0) == 1

"""Expected rates are those of the released code of PAWS."""

import pytest

from ssldsl.stdlib.schedules.cosine import cosine
from ssldsl.stdlib.schedules.warmup import warmup

SETTINGS = {"length": 5.0}  # with which the tests of all ops call it


def test_warm_up_starts_where_it_is_told_and_reaches_one() -> None:
    assert [warmup(s, 100, length=10, start=0.2) for s in (0, 5, 10, 99)] == pytest.approx([0.2, 0.6, 1, 1])


def test_with_an_endpoint_the_last_step_of_warm_up_has_the_whole_rate() -> None:
    expected = [0, 0.4 / 3, 0.8 / 3, 0.4, 0.4]
    assert [0.4 * warmup(s, 12, length=4, endpoint=True) for s in range(5)] == pytest.approx(expected)


def test_warm_up_and_cosine_give_the_rates_of_paws() -> None:
    expected = [0.3, 1.825, 3.35, 4.875, 6.4, 6.158850, 5.472114, 4.444341, 3.232, 2.019659, 0.991886, 0.305150, 0.064]
    rising = [6.4 * warmup(s, 4, length=4, start=0.3 / 6.4) for s in range(4)]
    falling = [6.4 * cosine(s, 8, to=0.01) for s in range(9)]
    assert rising + falling == pytest.approx(expected, abs=1e-6)


def test_nothing_is_divided_by_a_length_of_zero() -> None:
    assert warmup(0, 10, length=0) == 1

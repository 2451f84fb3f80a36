"""Expected rates are those of the released code of S4L."""

import pytest

from ssldsl.stdlib.schedules.step_decay import step_decay
from ssldsl.stdlib.schedules.warmup import warmup


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0), (1250, 0.05), (2499, 0.09996), (2500, 0.1), (70000, 0.1), (70001, 0.01), (80001, 1e-3), (90001, 1e-4)],
)
def test_warm_up_and_late_drops_give_the_rates_of_s4l(step: int, rate: float) -> None:
    epoch, steps = 500, 100_000
    staircase = step_decay(step, steps, milestones=[140 * epoch, 160 * epoch, 180 * epoch], delay=1)
    assert 0.1 * warmup(step, steps, length=5 * epoch) * staircase == pytest.approx(rate)


def test_a_drop_holds_from_its_own_step_on() -> None:
    assert [step_decay(s, 100, milestones=[10, 20], gamma=0.5) for s in (9, 10, 19, 20)] == [1, 0.5, 0.5, 0.25]


def test_regular_drops_come_at_every_multiple() -> None:
    assert [step_decay(s, 100, every=5, gamma=0.5) for s in (0, 4, 5, 9, 10)] == [1, 1, 0.5, 0.5, 0.25]


def test_regular_drops_can_be_late_and_never_raise_the_factor() -> None:
    assert [step_decay(s, 100, every=5, gamma=0.5, delay=1) for s in (0, 5, 6, 11)] == [1, 1, 0.5, 0.25]


def test_drops_without_a_time_do_nothing() -> None:
    assert step_decay(50, 100) == 1

"""Schedules are functions of the step. Expected numbers are those of the papers' released codes."""

import math

import pytest

from ssldsl.stdlib.schedules.constant import constant
from ssldsl.stdlib.schedules.cosine import cosine
from ssldsl.stdlib.schedules.exp_ramp import exp_ramp
from ssldsl.stdlib.schedules.linear_ramp import linear_ramp
from ssldsl.stdlib.schedules.sigmoid_ramp import sigmoid_ramp
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


def test_cosine_passes_through_its_quarters() -> None:
    found = [cosine(s, 100) for s in (0, 25, 50, 75, 100)]
    assert found == pytest.approx([1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0], abs=1e-15)


def test_cosine_ends_at_its_last_factor_and_stays() -> None:
    assert [cosine(s, 100, to=0.1) for s in (100, 150)] == pytest.approx([0.1, 0.1])


def test_cosine_is_that_of_torch() -> None:
    import torch

    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=37, eta_min=0.2)
    for step in range(37):
        assert cosine(step, 37, to=0.2) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()


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


@pytest.mark.parametrize(("start", "end", "expected"), [
    (0.99, 1.0, [0.99, 0.990381, 0.991464, 0.993087, 0.995, 0.996913, 0.998536, 0.999619]),
    (0.04, 0.4, [0.04, 0.053702, 0.092721, 0.151117, 0.22, 0.288883, 0.347279, 0.386298]),
])  # fmt: skip
def test_a_rising_cosine_gives_momentum_and_weight_decay_of_dino(
    start: float, end: float, expected: list[float]
) -> None:
    assert [end + (start - end) * cosine(s, 8) for s in range(8)] == pytest.approx(expected, abs=1e-6)


def test_sigmoid_ramp_gives_the_weights_of_mean_teacher() -> None:
    found = [sigmoid_ramp(s, 400_000, length=200_000) for s in (0, 50_000, 100_000, 150_000, 200_000, 300_000)]
    assert found == pytest.approx([0.0067379, 0.0600547, 0.2865048, 0.7316156, 1, 1], abs=1e-7)


def test_exponential_ramp_gives_the_threshold_of_uda() -> None:
    assert exp_ramp(50, 100) * (1 - 1 / 10) + 1 / 10 == pytest.approx(0.173876, abs=1e-6)


def test_ramps_without_a_length_take_the_whole_run() -> None:
    ramps = (linear_ramp, sigmoid_ramp, exp_ramp)
    assert [r(100, 100) for r in ramps] == [1, 1, 1]
    assert linear_ramp(25, 100) == 0.25


def test_a_linear_ramp_may_fall() -> None:
    assert [linear_ramp(s, 100, length=10, start=1.0, to=0.5) for s in (0, 5, 10, 50)] == [1, 0.75, 0.5, 0.5]


def test_nothing_is_divided_by_a_length_of_zero() -> None:
    found = [cosine(0, 0), warmup(0, 10, length=0), linear_ramp(0, 10, length=0), sigmoid_ramp(0, 0), exp_ramp(0, 0)]
    assert found == [0, 1, 1, 1, 1]


def test_holding_is_one() -> None:
    assert constant(3, 10, length=5) == 1

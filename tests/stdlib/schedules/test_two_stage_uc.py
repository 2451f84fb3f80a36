"""The schedules of TwoStageUC and of IIC beside it, as their specs write them."""

import pytest

from ssldsl.stdlib.schedules.each import each
from ssldsl.stdlib.schedules.linear_ramp import linear_ramp
from ssldsl.stdlib.schedules.repeat import repeat
from ssldsl.stdlib.schedules.step_decay import step_decay

STEPS = 390  # of an epoch


@pytest.mark.parametrize(("epoch", "expected"), [(0, 0.0), (79, 0.0), (80, 0.2), (159, 0.2), (160, 0.4), (199, 0.4)])
def test_the_weight_of_unification_rises_every_eighty_epochs(epoch: int, expected: float) -> None:
    def ramp(step: float, steps: float) -> float:
        return linear_ramp(step, steps, length=200 * STEPS, to=0.5)

    for step in (epoch * STEPS, epoch * STEPS + STEPS - 1):
        found = each(step, 200 * STEPS, time=80 * STEPS, schedule=ramp)
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("epoch", "expected"), [(80, 0.01), (119, 0.01), (120, 0.001), (200, 1e-5), (240, 1e-6), (299, 1e-7)]
)
def test_the_rate_of_the_second_stage_drops_from_epoch_120_on(epoch: int, expected: float) -> None:
    milestones = [at * STEPS for at in (120, 160, 200, 240, 280)]
    assert 0.01 * step_decay(epoch * STEPS, 300 * STEPS, milestones=milestones) == pytest.approx(expected)


def test_over_clustering_has_one_epoch_of_three_and_the_clusters_two() -> None:
    def first(step: float, steps: float) -> float:
        return step_decay(step, steps, milestones=[STEPS], gamma=0)

    steps = [epoch * STEPS + at for epoch in range(6) for at in (0, STEPS - 1)]
    found = [repeat(step, 6000 * STEPS, every=3 * STEPS, schedule=first) for step in steps]
    assert found == [1, 1, 0, 0, 0, 0] * 2

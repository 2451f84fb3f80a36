"""Expected numbers: the ramp of LSD-C, constant within an epoch of 234 steps."""

from functools import partial

import pytest

from ssldsl.stdlib.schedules.each import each
from ssldsl.stdlib.schedules.sigmoid_ramp import sigmoid_ramp

SETTINGS = {"time": 2.0}
EPOCH = 234


def ramp(largest: float, length: int, epoch: int, within: int = 0, epochs: int = 220) -> float:
    schedule = partial(sigmoid_ramp, length=float(length * EPOCH))
    return largest * each(epoch * EPOCH + within, epochs * EPOCH, time=float(EPOCH), schedule=schedule)


@pytest.mark.parametrize(
    ("largest", "length", "expected"),
    [
        (5, 100, {0: 0.033690, 50: 1.432524, 100: 5, 150: 5}),  # CIFAR-10
        (25, 150, {0: 0.168449, 50: 2.709201, 100: 14.343836, 149: 24.994445}),  # CIFAR-100 in 20 classes
        (5, 50, {7: 0.123865, 14: 0.374351}),  # MNIST, which ends after 15
        (25, 100, {37: 3.436233, 74: 17.829882}),  # Reuters, which ends after 75
    ],
)
def test_weights_of_the_sheet(largest: int, length: int, expected: dict[int, float]) -> None:
    assert {epoch: ramp(largest, length, epoch) for epoch in expected} == pytest.approx(expected, abs=5e-7)


def test_nothing_changes_within_an_epoch() -> None:
    assert {ramp(5, 100, 50, within) for within in range(EPOCH)} == {ramp(5, 100, 50)}
    assert ramp(5, 100, 51) > ramp(5, 100, 50)

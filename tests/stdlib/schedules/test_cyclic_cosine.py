import math

import pytest

from ssldsl.stdlib.schedules.cyclic_cosine import cyclic_cosine

SETTINGS = {"length": 12.0, "cycle": 4.0, "over": 16.0}


@pytest.mark.parametrize(("step", "place"), [(0, 0), (179, 179), (180, 150), (209, 179), (210, 150), (225, 165)])
def test_the_last_thirty_of_180_epochs_come_again_and_again(step: int, place: int) -> None:
    found = cyclic_cosine(step, 300, length=180, cycle=30, over=210)
    assert found == pytest.approx((1 + math.cos(math.pi * place / 210)) / 2)


def test_a_cycle_that_is_longer_than_the_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="a cycle of 20 steps in 10 of 30"):
        cyclic_cosine(0, 100, length=10, cycle=20, over=30)

import math
from functools import partial

import pytest

from ssldsl.stdlib.schedules.cosine import cosine
from ssldsl.stdlib.schedules.repeat import repeat

SETTINGS = {"every": 5.0}


def test_every_round_is_the_whole_schedule() -> None:
    found = [repeat(step, 100, schedule=cosine, every=20.0) for step in range(60)]
    assert found == pytest.approx([cosine(step % 20, 20) for step in range(60)])


def test_a_schedule_is_that_of_torch_with_warm_restarts() -> None:
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=7)
    for step in range(20):
        assert repeat(step, 20, schedule=cosine, every=7.0) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        restarts.step()


def fast_swa(epoch: int, cosine_length: int, epochs: int, cycle: int) -> float:
    """The rate of fast-SWA as its formula has it."""
    place = epoch if epoch < epochs else epochs - cycle + (epoch - epochs) % cycle
    return 0.5 * (1 + math.cos(math.pi * place / cosine_length))


def test_the_last_epochs_of_a_cosine_are_repeated_as_fast_swa_does() -> None:
    schedule = partial(cosine, length=210.0)
    found = [repeat(epoch, 400, schedule=schedule, every=30.0, start=150.0) for epoch in range(400)]
    assert found == pytest.approx([fast_swa(epoch, 210, 180, 30) for epoch in range(400)])

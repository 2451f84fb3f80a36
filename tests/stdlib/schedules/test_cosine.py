"""Expected numbers are torch's and those of the released code of DINO."""

import math

import pytest

from ssldsl.stdlib.schedules.cosine import cosine


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


@pytest.mark.parametrize(("start", "end", "expected"), [
    (0.99, 1.0, [0.99, 0.990381, 0.991464, 0.993087, 0.995, 0.996913, 0.998536, 0.999619]),
    (0.04, 0.4, [0.04, 0.053702, 0.092721, 0.151117, 0.22, 0.288883, 0.347279, 0.386298]),
])  # fmt: skip
def test_a_rising_cosine_gives_momentum_and_weight_decay_of_dino(
    start: float, end: float, expected: list[float]
) -> None:
    assert [end + (start - end) * cosine(s, 8) for s in range(8)] == pytest.approx(expected, abs=1e-6)


def test_nothing_is_divided_by_a_length_of_zero() -> None:
    assert cosine(0, 0) == 0


def test_a_cosine_may_be_shorter_or_longer_than_the_run() -> None:
    assert [cosine(step, 100, length=50.0) for step in (25, 50, 80)] == pytest.approx([0.5, 0, 0], abs=1e-15)
    assert cosine(100, 100, length=200.0, beyond=True) == pytest.approx(0.5)


def test_whole_cycles_come_back_to_one() -> None:
    found = [cosine(step, 100, to=0.2, cycles=2) for step in (0, 25, 50, 75, 100)]
    assert found == pytest.approx([1, 0.2, 1, 0.2, 1])

"""A teacher: weights that follow by a momentum in time, batches normalized by themselves, and no gradient."""

import pytest
import torch
from memory_specs import DAINO, plan_of
from test_memories import stage_parts
from torch import Tensor

from ssldsl.check import check
from ssldsl.runtime.train.loop import take_step
from ssldsl.source import Source

MOMENTA = [0.99, 0.990381, 0.991464, 0.993087, 0.995, 0.996913, 0.998536, 0.999619]  # 0.99 to 1 in 8 steps


def test_the_teacher_follows_by_the_worked_momenta_after_each_update() -> None:
    made = stage_parts(plan_of(DAINO, steps=8))
    student, teacher = made.state.modules["encoder"], made.state.modules["teacher/encoder"]
    for step, momentum in enumerate(MOMENTA):
        before = [p.detach().double() for p in teacher.parameters()]
        take_step(made, step)
        for old, new, live in zip(before, teacher.parameters(), student.parameters(), strict=True):
            expected = momentum * old + (1 - momentum) * live.detach().double()
            torch.testing.assert_close(
                new.detach().double(), expected, rtol=0, atol=2e-6 * live.detach().abs().max().item()
            )


@pytest.mark.parametrize(
    ("momentum", "expected"),
    [
        ("0", [1, 2, 3, 4, 5]),
        ("1", [10, 10, 10, 10, 10]),
        # Mean Teacher's: at most 0.6, or 0.999, and in the t-th step no more than 1 - 1/(t + 1)
        ("1 - 1/linear_ramp(1it, start=2, to=2.5)", [5.5, 4.1, 3.66, 3.796, 4.2776]),
        ("1 - 1/linear_ramp(998it, start=2, to=1000)", [5.5, 4.333333, 4, 4, 4.166667]),
    ],
)
def test_a_teacher_of_ten_follows_a_student_who_counts(momentum: str, expected: list[float]) -> None:
    moving, *_ = stage_parts(plan_of(DAINO.replace("1 - 0.01 * cosine()", momentum))).nets
    found = []
    for weights in moving.average.values():
        weights.data.fill_(10)
    for step in range(5):
        for weights in moving.live.values():
            weights.data.fill_(step + 1)
        moving.update(step, 8)
        found.append(next(iter(moving.average.values())).flatten()[0].item())
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_teacher_normalizes_by_what_it_sees() -> None:
    made = stage_parts(plan_of(DAINO.replace("width=8", 'width=8, norm="batch"') + "\nforward = concat\n"))
    seen: list[Tensor] = []
    layer = next(m for m in made.state.modules["teacher/encoder"].modules() if isinstance(m, torch.nn.BatchNorm2d))
    layer.register_forward_hook(lambda module, inputs, output: seen.append(output.detach().clone()))
    take_step(made, 0)
    assert layer.training and len(seen) == 1
    torch.testing.assert_close(seen[0].mean(dim=(0, 2, 3)), torch.zeros(seen[0].shape[1]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["teacher", "encoder, teacher"])
def test_a_teacher_in_train_is_refused(name: str) -> None:
    text = DAINO.format(length=48, steps=8, accumulate=1) + f"\ntrain {name}\n"
    codes = [d.code for d in check(Source("state.ssl", text)).diagnostics if d.severity == "error"]
    assert "D408" in codes

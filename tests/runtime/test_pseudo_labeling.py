"""Pseudo-Label of Oliver et al. and as SuperCM's authors released it, against worked numbers of both."""

import pytest
import torch
from experiments import LIBRARY
from test_step_of_specs import plan_of
from torch import Tensor, nn

from ssldsl.runtime.step.module import make_step
from ssldsl.stdlib.targets.one_hot import one_hot

SPEC = """ssl 1
data   images    = digits()
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=4)
head   classes   = linear(encoder.dim, 3)
let    again     = random_shift(unlabeled)
loss  = {loss}
batch = {{unlabeled: 2}}
run   = 5it
"""
FIRST, SECOND = ([[4.0, 0, 0], [1, 0.5, 0]], [[3, 0.5, 0], [0.8, 0.8, 0]])


class Written(nn.Module):
    """Gives the scores that are written for its calls, one table after the other, whatever it reads."""

    def __init__(self, *tables: Tensor) -> None:
        super().__init__()
        self.tables = iter(tables)

    def forward(self, features: Tensor) -> Tensor:
        return next(self.tables)


def step_of(loss: str, *scores: list[list[float]]) -> tuple[dict[str, Tensor], list[Tensor]]:
    """What a step gives in which the head gives these scores, call by call, and their gradients."""
    plan = plan_of(SPEC.format(loss=loss), 0)
    tables = [torch.tensor(rows, dtype=torch.float64, requires_grad=True) for rows in scores]
    modules = nn.ModuleDict({module.path: nn.Identity() for module in plan.modules})
    modules["classes"] = Written(*tables)
    batch = {f"unlabeled.{part}": torch.arange(2) for part in ("index", "epoch", "copy")}
    step = make_step(plan, plan.stages[0], modules, LIBRARY)
    values = step({**batch, "unlabeled.image": torch.rand(2, 1, 8, 8)}, torch.zeros(0))
    values["loss"].backward()
    return values, [torch.zeros_like(t) if t.grad is None else t.grad for t in tables]


def test_as_released_a_confident_row_weighs_ten_times_and_the_other_is_a_soft_target() -> None:
    values, (of_targets, found) = step_of("pseudo_labeling_released(unlabeled, again)", FIRST, SECOND)
    assert values["loss"].item() == pytest.approx(1.1418013286, abs=1e-10)
    assert values["confident"].item() == pytest.approx(1.2387295837 / 20, abs=1e-10)
    assert values["doubtful"].item() == pytest.approx(1.0448730734 / 2, abs=1e-10)
    p, q = (torch.tensor(rows, dtype=torch.float64).softmax(dim=1) for rows in (SECOND, FIRST))
    q[0] = torch.tensor([1.0, 0, 0])
    torch.testing.assert_close(found, torch.tensor([[10.0], [1.0]]) * (p - q) / 2)
    assert not of_targets.any()


def test_as_intended_a_confident_row_is_pulled_to_its_class_and_the_other_has_no_loss() -> None:
    values, (found,) = step_of("pseudo_labeling(unlabeled, 3)", FIRST)
    assert values["loss"].item() == pytest.approx(0.0176703772, abs=1e-7)
    p = torch.tensor(FIRST[0], dtype=torch.float64).softmax(dim=0)
    target = torch.tensor([10.0, 0, 0], dtype=torch.float64).softmax(dim=0)
    torch.testing.assert_close(found[0], (p - target) / 2, atol=1e-7, rtol=0)
    assert not found[1].any()


@pytest.mark.parametrize(("k", "share"), [(10, 0.99959), (1000, 0.9566)])
def test_the_target_of_a_confident_row_has_the_share_that_ten_logits_give(k: int, share: float) -> None:
    smoothing = k / (2.718281828459045**10 + k - 1)
    assert one_hot(torch.tensor([0]), classes=k, smoothing=smoothing)[0, 0].item() == pytest.approx(share, abs=5e-5)


def test_a_row_that_just_reaches_the_threshold_is_not_confident() -> None:
    exact = torch.tensor(FIRST[0], dtype=torch.float64).softmax(dim=0)[0].item()
    values, _ = step_of(f"pseudo_labeling_released(unlabeled, again, threshold={exact!r})", FIRST, SECOND)
    assert values["confident"].item() == 0

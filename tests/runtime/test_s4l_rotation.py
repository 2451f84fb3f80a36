"""The loss of S4L-Rotation as a spec says it, from written scores: worked numbers of the paper's method."""

from typing import Any

import pytest
import torch
from experiments import LIBRARY
from test_step_of_specs import plan_of
from torch import Tensor, nn

from ssldsl.runtime.step.module import make_step

SPEC = """ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
let    xl        = labeled >> rotate4()
let    xu        = unlabeled >> rotate4()
loss  = ce(xl) + {rotation}
batch = {{labeled: 1, unlabeled: 2}}
run   = 5it
"""


def scores(rows: int, columns: int, a: int, b: int) -> Tensor:
    """Scores that follow from their row and column: ((a i + b j) mod 7) / 2."""
    return torch.tensor([[(a * i + b * j) % 7 / 2 for j in range(columns)] for i in range(rows)])


class Written(nn.Module):
    """Gives the scores that are written for so many rows, whatever it reads."""

    def __init__(self, *tables: Tensor) -> None:
        super().__init__()
        self.tables = {len(table): table for table in tables}

    def forward(self, features: Tensor) -> Tensor:
        return self.tables[len(features)]


def values(rotation: str) -> dict[str, Any]:
    plan = plan_of(SPEC.format(rotation=rotation), 0)
    unlabeled, labeled = scores(8, 4, 3, 5), scores(4, 4, 5, 3)
    heads = {
        "classes": Written(scores(4, 3, 2, 5)),
        "rotation_of_copies/angles": Written(unlabeled, labeled, torch.cat([labeled, unlabeled])),
    }
    modules = nn.ModuleDict({"encoder": nn.Identity(), **heads})
    batch = {"labeled.image": torch.rand(1, 1, 8, 8), "unlabeled.image": torch.rand(2, 1, 8, 8)}
    found = make_step(plan, plan.stages[0], modules, LIBRARY)(
        {**batch, "labeled.label": torch.tensor([2])}, torch.zeros(0)
    )
    return {name: value.item() for name, value in found.items()}


def test_the_loss_is_the_mean_of_the_means_of_both_streams_and_the_class_loss_that_of_all_four_turns() -> None:
    found = values("rotation_of_copies(xl | xu)")
    assert found["rotation_of_copies"] == pytest.approx(2.2960352520, abs=1e-6)
    assert found["ce"] == pytest.approx(1.6132797151, abs=1e-6)
    assert found["loss"] == pytest.approx(3.9093149672, abs=1e-6)


def test_pooled_streams_are_another_loss() -> None:
    assert values("rotation_of_copies(concat(xl | xu))")["rotation_of_copies"] == pytest.approx(2.2451857442, abs=1e-6)


def test_the_class_loss_of_the_unturned_copy_alone_is_another_one() -> None:
    one = nn.functional.cross_entropy(scores(4, 3, 2, 5)[:1], torch.tensor([2]))
    assert one.item() == pytest.approx(1.3715390319, abs=1e-6)
    assert values("rotation_of_copies(xl | xu)")["ce"] - one.item() > 0.2


def test_labels_come_four_times_in_a_row_beside_the_four_turns_of_their_image() -> None:
    plan = plan_of(SPEC.format(rotation="rotation_of_copies(xl | xu)").replace("labeled: 1", "labeled: 2"), 0)
    tables = {"classes": scores(8, 3, 2, 5), "rotation_of_copies/angles": scores(8, 4, 3, 5)}
    modules = nn.ModuleDict({"encoder": nn.Identity(), **{name: Written(table) for name, table in tables.items()}})
    batch = {f"{name}.image": torch.rand(2, 1, 8, 8) for name in ("labeled", "unlabeled")}
    found = make_step(plan, plan.stages[0], modules, LIBRARY)(
        {**batch, "labeled.label": torch.tensor([2, 0])}, torch.zeros(0)
    )
    expected = nn.functional.cross_entropy(tables["classes"], torch.tensor([2, 2, 2, 2, 0, 0, 0, 0]))
    torch.testing.assert_close(found["ce"], expected)

"""BYOL and SimSiam as definitions, held against numbers that were worked out apart from them."""

import pytest
import torch
from experiments import LIBRARY, plan_of
from torch import Tensor, nn

from ssldsl.runtime.step.module import make_step

HEAD = """ssl 1
data   images    = digits()
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=4)
head   projector = mlp_head(encoder.dim, hidden=[4], out=3)
head   predictor = mlp_head(3, hidden=[4], out=3)
net    teacher   = ema(encoder >> projector, momentum=0.9)
batch = {unlabeled: 4}
run   = 5it
"""
A = [[1, 0.2, -0.4], [-0.3, 0.8, 0.5], [0.6, -0.7, 0.9], [-0.8, -0.5, 0.1]]
B = [[0.9, 0.4, -0.1], [-0.1, 0.6, 0.8], [0.3, -0.9, 0.7], [-0.9, -0.2, -0.3]]
WORKED = {"byol(views, teacher)": (0.3378588041, 1.0), "simsiam(views)": ((0.3378588041 - 4) / 4, 0.25)}
GRADIENT = [-0.0230534723, -0.1060459726, -0.1106566670]  # of BYOL, to the first row of the predictions of A


class Projected(nn.Module):
    """The projections that are written: A of the large view, B of the small one."""

    def forward(self, images: Tensor) -> Tensor:
        return torch.tensor(A if images.shape[-1] == 8 else B, dtype=torch.float64)


class Predicted(nn.Module):
    """Tables that stand for the predictions of A and of B, and have a gradient."""

    def __init__(self, tables: list[Tensor]) -> None:
        super().__init__()
        self.tables = tables

    def forward(self, projections: Tensor) -> Tensor:
        return self.tables[0 if projections[0, 0] == 1 else 1]


@pytest.mark.parametrize("loss", WORKED)
def test_predictions_and_projections_a_and_b_cost_what_was_worked_out(loss: str) -> None:
    value, share = WORKED[loss]
    plan = plan_of(f"{HEAD}let views = unlabeled | resize(unlabeled, 4)\nloss = {loss}\n", level=0)
    tables = [torch.tensor(rows, dtype=torch.float64, requires_grad=True) for rows in (A, B)]
    modules = nn.ModuleDict({module.path.replace(".", "/"): nn.Identity() for module in plan.modules})
    modules.update({"predictor": Predicted(tables), "projector": Projected(), "teacher/projector": Projected()})
    batch: dict[str, Tensor] = {f"unlabeled.{part}": torch.arange(4) for part in ("index", "epoch", "copy")}
    batch["unlabeled.image"] = torch.rand(4, 1, 8, 8)
    found = make_step(plan, plan.stages[0], modules, LIBRARY)(batch, torch.zeros(0))
    found["loss"].backward()
    assert found["loss"].item() == pytest.approx(value, abs=1e-10)
    expected = share * torch.tensor(GRADIENT, dtype=torch.float64)
    torch.testing.assert_close(tables[0].grad[0], expected, atol=1e-10, rtol=0)

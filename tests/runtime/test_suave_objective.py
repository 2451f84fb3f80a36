"""The objectives of SwAV, Suave and DINO as specs say them: worked numbers from written scores, and what learns."""

import pytest
import torch
from experiments import LIBRARY, with_stage
from test_memories import stage_parts
from test_s4l_rotation import Written
from test_step_of_specs import plan_of
from torch import nn

from ssldsl.graph.plan import ConstantPlan
from ssldsl.ops.random import SampleRng
from ssldsl.runtime.nets.memories import build_memories
from ssldsl.runtime.step.module import make_step
from ssldsl.runtime.train.loop import take_step

HEAD = """ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=4)
head   projector = mlp_head(encoder.dim, hidden=[], out=8) >> l2norm()
head   clusters  = prototypes(8, images.classes)
net    model     = encoder >> projector >> clusters
net    teacher   = ema(model, momentum=0.99)
let    crops     = draw(3, random_shift(unlabeled, 2))
run   = 5it
"""
FIRST = [[0.9, 0.1, -0.2], [0.8, 0.3, 0], [0.7, 0.2, 0.1], [0.1, 0.6, 0.5]]
SECOND = [[0.7, 0.2, -0.1], [0.6, 0.4, 0.1], [0.5, 0.3, 0.2], [0, 0.7, 0.4]]
SMALL = [[0.6, 0.1, 0], [0.4, 0.5, 0.1], [0.2, 0.3, 0.4], [0.1, 0.4, 0.6]]
TEACHER = [[0.5, 0.1, -0.2], [0.2, 0.6, 0], [0.4, 0.2, -0.1], [0.1, 0.5, 0.1]]
STUDENT = [[0.4, 0, -0.1], [0.3, 0.5, 0.1], [0.5, 0.1, 0], [0, 0.4, 0.2], [0.3, 0.2, -0.3], [0.1, 0.3, 0]]


CENTER = [0.2, 0.1, -0.1]


def loss_of(loss: str, rows: int, **scores: list[list[list[float]]]) -> float:
    """The loss of a step on so many images, whose networks give these scores, one table for each number of rows."""
    head = HEAD.replace("images.classes", "3")
    plan = plan_of(f"{head}loss = {loss}\nbatch = {{unlabeled: {rows}}}\n", 1)
    stage = plan.stages[0]
    modules = nn.ModuleDict({module.path.replace(".", "/"): nn.Identity() for module in plan.modules})
    modules.update({name.replace("_", "/"): Written(*map(torch.tensor, tables)) for name, tables in scores.items()})
    memories = build_memories(plan, stage, {"unlabeled.image": (1, 8, 8)}, LIBRARY)
    for memory in memories.values():
        memory.value = torch.tensor(CENTER)
    batch = {f"unlabeled.{part}": torch.arange(rows) for part in ("index", "epoch", "copy")}
    step = make_step(plan, stage, modules, LIBRARY, memories=memories)
    return step({**batch, "unlabeled.image": torch.rand(rows, 1, 8, 8)}, torch.zeros(0))["loss"].item()


def test_swapped_prediction_has_the_worked_value() -> None:
    found = loss_of("swav(crops, net=model)", 4, clusters=[FIRST + SECOND + SMALL])
    assert found == pytest.approx(1.158341, abs=2e-6)


def test_self_distillation_has_the_worked_value() -> None:
    found = loss_of("dino(crops, teacher, net=model)", 2, clusters=[STUDENT], teacher_clusters=[TEACHER])
    assert found == pytest.approx(0.225073, abs=2e-6)


def test_mixtures_of_the_large_crops_have_the_worked_value(monkeypatch: pytest.MonkeyPatch) -> None:
    # every number drawn is 0.7, so the images are mixed pixel by pixel, with that share of the first crop
    monkeypatch.setattr(
        SampleRng, "uniform", lambda rng, *shape, **limits: torch.full((len(rng.rows.index), *shape), 0.7)
    )
    mixed = [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.5, 0.2, 0.2]]
    loss = "mixed_prediction(crops.first(2), net=model)"
    assert loss_of(loss, 4, clusters=[FIRST + SECOND, mixed]) == pytest.approx(1.598732, abs=5e-6)


SUAVE = "suave(crops, labeled, images.classes, n_crops=3, u=8, l=4, queue_length=16)"
DAINO = "daino(crops, labeled, teacher, images.classes, n_crops=3, u=8, l=4, net=model)"


def reached(loss: str) -> dict[str, set[str]]:
    """By term, the modules that it alone has a gradient for in the fourth step, when a queue of 16 rows is full."""
    plan, found = plan_of(f"{HEAD}loss = {loss}\nbatch = {{labeled: 4, unlabeled: 8}}\n", 1), {}
    for term in plan.stages[0].terms:
        alone = [t.model_copy(update={"weight": ConstantPlan(value=float(t is term))}) for t in plan.stages[0].terms]
        made = stage_parts(with_stage(plan, terms=tuple(alone)))
        for step in range(3):
            take_step(made, step)
        made.model(made.feed.batch_at(3), made.scalars.tensor_at(3))["loss"].backward()
        slopes = {name: p.grad for name, p in made.state.modules.named_parameters()}
        found[term.name] = {name.split(".")[0] for name, slope in slopes.items() if slope is not None and slope.any()}
    return found


def test_labels_and_assignments_train_one_set_of_prototypes() -> None:
    everything = {"encoder", "projector/mlp_head", "clusters"}
    assert reached(SUAVE) == dict.fromkeys(("swapped", "mixed", "labeled"), everything)


def test_no_term_of_daino_reaches_the_teacher() -> None:
    everything = {"encoder", "projector/mlp_head", "clusters"}
    assert reached(DAINO) == dict.fromkeys(("distilled", "labeled"), everything)

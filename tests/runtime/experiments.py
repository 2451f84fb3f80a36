"""Plans of small experiments on the digits, made from their specs, and one step of them."""

from collections.abc import Collection
from pathlib import Path

import torch
from torch import Tensor, nn

from ssldsl.check import check
from ssldsl.graph.plan import NodePlan, Plan, StagePlan
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.step.module import StageStep, make_step
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

LIBRARY = Library.shipped(installed=False).with_file(Path(__file__).with_name("own_ops.py"))
FIELDS = {"labeled.image": (1, 8, 8), "unlabeled.image": (1, 8, 8)}

DECLARED = """\
ssl 1
data   images    = digits()
stream labeled   = images.train >> random_shift(1)
stream unlabeled = images.train >> random_shift(1)
stream all       = labeled | unlabeled
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
"""
LOSS = "ce(labeled) + 0.7*rotation(all) + cosine()*vat(unlabeled)"
SETTINGS = """\
batch = {labeled: 8, unlabeled: 8}
clock = unlabeled
optimizer = sgd(lr=cosine())
"""
METRICS = """\
eval top1(images.test)
eval confusion_matrix(images.test) as confused
"""
# of 32 samples, 8 in a step: four steps an epoch
FOUR_STEPS = DECLARED.replace("unlabeled = images.train", "unlabeled = images.train.subset(32, seed=0)")
BATCH_NORM = ('encoder.norm="batch"', "forward=separate")


def plan_of(text: str, *edits: str, seed: int = 0, level: int = 1, resident: Collection[str] | None = None) -> Plan:
    """The plan of a spec, with edits as of `--set`. resident: the data that lie in memory (all, if not said)."""
    changes = [parse_edit(edit, "set") for edit in edits]
    program = check(Source("quickstart.ssl", text), changes=changes, seed=seed, library=LIBRARY).unwrap()
    return make_plan(program, sizes={}, level=level, resident=resident)


def quickstart(*edits: str, seed: int = 0, level: int = 0, loss: str = LOSS, more: str = "") -> Plan:
    """Cross-entropy, rotation and virtual adversarial training, a hundred steps, without metrics.

    level: 0 has a forward for every batch of every term, 1 one for all images.
    """
    text = f"{DECLARED}{more}\nloss = {loss}\nrun = 100it\n{SETTINGS}"
    return plan_of(text, *edits, seed=seed, level=level)


def experiment(*edits: str, seed: int = 0, loss: str = LOSS, metrics: str = METRICS) -> Plan:
    """The quickstart with metrics of the test set: three epochs of four steps, metrics after each."""
    return plan_of(f"{FOUR_STEPS}\nloss = {loss}\nrun = 12it\n{SETTINGS}{metrics}", *edits, seed=seed)


DATA = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(48, seed=0) >> random_shift(1)
stream unlabeled = transductive(joined(images.train.minus(labeled), images.test)) >> random_shift(1)
stream white     = images.train.contrast_normalized(scale=3).whitened(fitted=images.train) >> random_shift(1)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
loss  = ce(labeled) + 0.5*rotation(unlabeled | white)
batch = {labeled: 8, unlabeled: 8, white: 8}
optimizer = sgd(lr=0.1, momentum=0.9)
precision = fp64
eval top1(images.test.whitened(fitted=images.train))
eval top1(joined(images.train, images.test)) as all
"""


def of_many_data(*edits: str) -> Plan:
    """Data put together, left out and fitted on others, nine steps."""
    return plan_of(f"{DATA}run = 9it\nevaluate = 4it\n", *edits)


STATE = """\
net teacher = ema(encoder, momentum=0.9)
average     = polyak(half_life=3it)
accumulate  = 2
clip        = 1.0
eval top1(images.test, net=teacher >> classes) as taught
"""


def stateful(*edits: str) -> Plan:
    """Batch normalization, dropout, Adam's moments, a net that is a moving average, an averaged stage, accumulation."""
    text = f"{FOUR_STEPS}\nloss = {LOSS}\nrun = 12it\n{SETTINGS}{METRICS}{STATE}"
    text = text.replace("classes   = linear(", "classes   = linear_with_dropout(").replace(
        "sgd(lr=cosine())", "adamw(lr=0.01)"
    )
    return plan_of(text, *BATCH_NORM, *edits)


def two_stages(*edits: str, steps: int = 6, origin: str = "main", loss: str = LOSS) -> Plan:
    """`main`, then `second`, which begins with the encoder of `main` (or of its average) and trains the rest afresh."""
    body = f"loss = {loss}\nrun = {steps}it\n{SETTINGS}{METRICS}"
    first = f"stage main {{\n{body}}}\n"
    second = f"stage second after main {{\ninit encoder from {origin}\n{body}}}\n"
    return plan_of(f"{FOUR_STEPS}\n{first}{second}", *edits)


def with_stage(plan: Plan, **changes: object) -> Plan:
    """The plan of one stage with that stage changed, as no spec would have it."""
    return plan.model_copy(update={"stages": (plan.stages[0].model_copy(update=changes),)})


def node_of(stage: StagePlan, op: str, **settings: object) -> NodePlan:
    """The first node of an op that has these settings."""
    return next(n for n in stage.nodes if n.op == op and settings.items() <= n.settings.items())


def changed(plan: Plan, node: NodePlan, **changes: object) -> Plan:
    """The plan with one node changed, as no spec would have it."""
    nodes = tuple(n.model_copy(update=changes) if n.id == node.id else n for n in plan.stages[0].nodes)
    return with_stage(plan, nodes=nodes)


def built(plan: Plan, shards: int = 1) -> tuple[nn.ModuleDict, StageStep]:
    """The modules of a plan with digits, and the step of its first stage, ready to train."""
    modules = build_modules(plan, FIELDS, LIBRARY)
    set_trained(plan.stages[0], modules)
    return modules, make_step(plan, plan.stages[0], modules, LIBRARY, shards=shards)


def random_batch(rows: int = 8, seed: int = 0) -> dict[str, Tensor]:
    """Digit-like inputs of the quickstart step."""
    generator = torch.Generator().manual_seed(seed)
    batch = {}
    for i, name in enumerate(("labeled", "unlabeled")):
        batch[f"{name}.image"] = torch.rand(rows, 1, 8, 8, generator=generator)
        batch[f"{name}.label"] = torch.randint(10, (rows,), generator=generator)
        batch[f"{name}.index"] = torch.arange(rows) + 1000 * i
        batch[f"{name}.epoch"] = torch.zeros(rows, dtype=torch.int64)
        batch[f"{name}.copy"] = torch.zeros(rows, dtype=torch.int64)
    return batch

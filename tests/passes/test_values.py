"""The optimized step is worth what the spec says: values, gradients and running statistics, by running it."""

import random

import pytest
import torch
from dump_reader import parse_dump
from programs import S4L, optimized, program, with_loss
from torch import Tensor

from ssldsl.graph.dump import dump
from ssldsl.ir.program import Program
from ssldsl.ops.library import Library
from ssldsl.passes import forwards
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.module import make_step

LIBRARY = Library.shipped(installed=False)

DRAWN = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train) >> random_shift(1)
net    encoder   = convnet(width=4, norm="{norm}")
net    a         = mlp_head(16, hidden=[8], out=16)
net    b         = mlp_head(16, hidden=[8], out=16)
head   classes   = linear(16, images.classes)
head   other     = linear(16, 5)
loss      = {terms}
optimizer = sgd(lr=0.1)
batch     = {{labeled: 3, unlabeled: 4}}
run       = 10it
clock     = unlabeled
forward   = {forward}
"""


def random_program(seed: int) -> Program:
    """Terms over random chains of views, networks and stops, that share and cross as chance wills."""
    chance = random.Random(seed)
    images = ["labeled", "unlabeled"]
    images += [f"rotate4({chance.choice(images)})" for _ in range(2)]
    vectors = [f"encoder({chance.choice(images)})" for _ in range(5)]
    for _ in range(8):
        vectors.append(f"{chance.choice(['a', 'b', 'stop'])}({chance.choice(vectors)})")
    terms = [f"entropy({chance.choice(['classes', 'other'])}({chance.choice(vectors)})) as t{i}" for i in range(6)]
    norm, forward = chance.choice(["group", "batch"]), chance.choice(["concat", "separate"])
    return program(DRAWN.format(terms=" + ".join([*terms, "vat(unlabeled)"]), norm=norm, forward=forward))


SMALL = ("encoder.width=4", "batch={labeled: 3, unlabeled: 4}")
COUPLED = 'encoder.norm="batch"'
PROGRAMS = {
    "uncoupled": program(S4L, *SMALL),
    "coupled, concat": program(S4L, *SMALL, COUPLED, "forward=concat"),
    "coupled, separate": program(S4L, *SMALL, COUPLED, "forward=separate"),
    **{f"random {seed}": random_program(seed) for seed in range(40)},
}


def one_step(made: Program, level: int) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Values, gradients and running statistics of one step in double precision."""
    plan = make_plan(made, sizes={}, level=level)
    (stage,) = plan.stages
    samples = Datasets(LIBRARY).streams(stage)
    modules = build_modules(plan, sample_shapes(samples), LIBRARY).double()
    set_trained(stage, modules)
    batch = Feed(plan, stage, samples, library=LIBRARY).batch_at(3)
    batch = {name: v.double() if v.is_floating_point() else v for name, v in batch.items()}
    values = make_step(plan, stage, modules, LIBRARY)(batch, Scalars(stage, LIBRARY).tensor_at(3).double())
    values["loss"].backward()
    gradients = {name: p.grad for name, p in modules.named_parameters() if p.grad is not None}
    return values, gradients, dict(modules.named_buffers())


@pytest.mark.parametrize("name", PROGRAMS)
def test_optimization_changes_neither_values_nor_gradients_nor_statistics(name: str) -> None:
    plain, fast = (one_step(PROGRAMS[name], level) for level in (0, 1))
    torch.testing.assert_close(fast, plain, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_optimization_never_adds_a_forward(name: str) -> None:
    made = PROGRAMS[name]
    plain, fast = (forwards(optimized(made, level), made.signatures) for level in (0, 1))
    assert all(fast[path] <= plain[path] for path in plain)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_text_after_all_passes_reads_back(name: str) -> None:
    text = dump(optimized(PROGRAMS[name]))
    assert dump(parse_dump(text)) == text


def test_statistics_move_in_the_order_of_the_spec() -> None:
    orders = ("ce(labeled) + entmin(unlabeled)", "entmin(unlabeled) + ce(labeled)")
    edits = (*SMALL, COUPLED, "forward=separate")
    moved, other = (one_step(with_loss(loss, "", *edits), level=1)[2] for loss in orders)
    assert any(not torch.allclose(moved[name], other[name]) for name in moved)

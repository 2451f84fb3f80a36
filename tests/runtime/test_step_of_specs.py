"""From the text of a spec to the step: what the passes save changes neither the loss nor a gradient."""

from pathlib import Path

import pytest
import torch
from experiments import LIBRARY
from torch import Tensor

from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.module import make_step
from ssldsl.source import Source

QUICKSTART = (Path(__file__).parents[2] / "specs" / "quickstart.ssl").read_text()


def plan_of(text: str, level: int) -> Plan:
    return make_plan(check(Source("test.ssl", text)).program, sizes={}, level=level)


def one_step(plan: Plan, step_number: int = 3) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Values, gradients and buffers of one step of the first stage."""
    stage = plan.stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    modules = build_modules(plan, sample_shapes(samples), LIBRARY)
    set_trained(stage, modules)
    step = make_step(plan, stage, modules, LIBRARY)
    batch = Feed(plan, stage, samples, library=LIBRARY).batch_at(step_number)
    values = step(batch, Scalars(stage, LIBRARY).tensor_at(step_number))
    values["loss"].backward()
    gradients = {name: p.grad for name, p in modules.named_parameters() if p.grad is not None}
    return values, gradients, dict(modules.named_buffers())


@pytest.mark.parametrize(("norm", "forward"), [("group", "concat"), ("batch", "concat"), ("batch", "separate")])
def test_the_optimized_step_equals_the_plain_one(norm: str, forward: str) -> None:
    text = QUICKSTART.replace("convnet(width=32", f'convnet(norm="{norm}", width=8') + f"\nforward = {forward}\n"
    plain, optimized = (one_step(plan_of(text, level)) for level in (0, 1))
    torch.testing.assert_close(optimized[0], plain[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(optimized[1], plain[1], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(optimized[2], plain[2], rtol=1e-5, atol=1e-6)


def test_joined_batches_are_perturbed_as_one() -> None:
    text = QUICKSTART.replace("vat(unlabeled)", "vat(concat(all))").replace("width=32", "width=8")
    plain, optimized = (one_step(plan_of(text, level)) for level in (0, 1))
    torch.testing.assert_close(optimized[0], plain[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(optimized[1], plain[1], rtol=1e-4, atol=1e-6)


def test_every_trained_parameter_of_the_quickstart_gets_a_gradient() -> None:
    values, gradients, _ = one_step(plan_of(QUICKSTART, 1))
    assert set(values) == {"loss", "ce", "rotation", "vat"}
    assert {name.split(".")[0] for name in gradients} == {"encoder", "classes", "rotation/angles"}
    assert all(gradient.isfinite().all() for gradient in gradients.values())


def test_an_average_gives_targets_without_gradient() -> None:
    text = """ssl 1
    data   images    = digits()
    stream labeled   = images.train.subset(100, seed=0)
    stream unlabeled = unlabel(images.train) >> random_shift(1)
    net    encoder   = convnet(width=8)
    net    teacher   = ema(encoder, momentum=0.99)
    head   classes   = linear(encoder.dim, images.classes)
    loss = ce(labeled) + mse(softmax(classes(encoder(unlabeled))), stop(softmax(classes(teacher(unlabeled)))))
    optimizer = sgd(lr=0.1)
    batch = {labeled: 10, unlabeled: 20}
    run   = 10it
    clock = unlabeled
    """
    _, gradients, _ = one_step(plan_of(text, 1))
    assert {name.split(".")[0] for name in gradients} == {"encoder", "classes"}


def test_a_head_on_a_foreign_network_is_as_wide_as_the_network_turns_out_to_be() -> None:
    text = """ssl 1
    data   images  = cifar10()
    stream labeled = images.train.subset(100, seed=0) >> flip()
    net    encoder = torchvision_model(name="resnet18")
    head   classes = linear(encoder.dim, images.classes)
    loss = ce(labeled)
    optimizer = sgd(lr=0.1)
    batch = {labeled: 4}
    run   = 2it
    clock = labeled
    """
    modules = build_modules(plan_of(text, 1), {"labeled.image": (3, 32, 32)}, LIBRARY)
    assert modules["classes"].map.weight.shape == (10, 512)

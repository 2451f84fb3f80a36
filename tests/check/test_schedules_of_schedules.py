"""Schedules that read others: `each` and `repeat` in a spec, its plan, its drawing and its values."""

from pathlib import Path

import pytest

from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.ir import captions
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.smoke.plan import smoke_plan
from ssldsl.source import Source

LIBRARY = Library.shipped(installed=False)
SPEC = """ssl 1
data   images    = digits()
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
loss  = 5*each(1ep, sigmoid_ramp(100ep, beyond=true))*vat(unlabeled)
batch = {unlabeled: 128}
run   = 15ep
optimizer = sgd(lr=0.1*repeat(warmup(1ep) then cosine(), every=5ep))
"""


def plan() -> Plan:
    checked = check(Source("spec.ssl", SPEC))
    assert not checked.diagnostics, "a ramp that is longer on purpose is no reason for a warning"
    return make_plan(checked.unwrap(), sizes={})


def test_a_weight_is_constant_within_an_epoch() -> None:
    (stage,) = plan().stages
    weights = [Scalars(stage, LIBRARY).weights(step)["vat"] for step in range(33)]
    assert (
        weights[:11] == pytest.approx([0.033689735] * 11) and len(set(weights)) == 3
    )  # 1437 // 128 = 11 steps an epoch


def test_a_rate_begins_anew_in_every_round_which_is_its_whole_run() -> None:
    (stage,) = plan().stages
    rates = [Scalars(stage, LIBRARY).resolve(stage.optimizer.settings, step)["lr"] for step in range(165)]
    assert rates[0] == 0 and rates[11] == pytest.approx(0.1) and rates[33] == pytest.approx(0.05)
    assert rates[:55] == rates[55:110] == rates[110:]


def test_a_plan_that_is_written_and_read_is_the_same(tmp_path: Path) -> None:
    text = plan().model_dump_json()
    assert Plan.model_validate_json(text) == plan()
    (stage,) = Plan.model_validate_json(text).stages
    assert Scalars(stage, LIBRARY).weights(22) == Scalars(plan().stages[0], LIBRARY).weights(22)


def test_a_smoke_run_shortens_what_is_inside_too() -> None:
    (stage,) = smoke_plan(plan(), LIBRARY).stages
    (inner,) = [term.weight.right for term in stage.terms]  # type: ignore[union-attr]  # a product
    assert inner.settings["schedule"]["settings"]["length"] == pytest.approx(100 * 11 * 3 / 165)
    assert [Scalars(stage, LIBRARY).weights(step) for step in range(3)]


def test_a_drawing_says_it_as_it_is_written() -> None:
    program = check(Source("spec.ssl", SPEC)).unwrap()
    (term,) = program.stages[0].terms
    text = captions.scalar(term.weight, program.signatures)
    assert text == "5 · each(1ep, sigmoid_ramp(length=100ep, beyond=true))"

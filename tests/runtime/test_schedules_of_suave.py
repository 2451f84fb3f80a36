"""Rates, temperatures and decays of Suave and DINO, said in a spec, against those of the released codes."""

import pytest

from ssldsl import pipeline
from ssldsl.check import check
from ssldsl.graph.plan import StagePlan
from ssldsl.ops.library import Library
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.source import Source

SPEC = """
ssl 1
data   images  = digits()
stream labeled = images.train >> random_shift(1)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
net    teacher = ema(encoder >> classes, momentum=0.99)
loss      = {loss}
optimizer = {optimizer}
batch     = {{labeled: 359}}  # four steps an epoch
run       = 3ep
"""
CE = "ce(labeled)"
MATCH = """soft_cross_entropy(classes(encoder(labeled)),
                 probabilities(stop(teacher(labeled >> random_shift(2))), temperature={}))"""


def stage_of(loss: str = CE, optimizer: str = "sgd(lr=0.1)") -> StagePlan:
    checked = check(Source("spec.ssl", SPEC.format(loss=loss, optimizer=optimizer)))
    assert checked.program is not None, checked.diagnostics
    return pipeline.compile(checked.program).stages[0]


def varying(stage: StagePlan) -> list[list[float]]:
    scalars = Scalars(stage, Library.shipped())
    return [scalars.at(step) for step in range(stage.steps)]


def test_the_learning_rate_of_suave() -> None:
    rate = "0.4 * (warmup(1ep, endpoint=true) then cosine(to=0.0025))"
    expected = [0, 0.133333, 0.266667, 0.4, 0.4, 0.384814, 0.341568, 0.276845, 0.2005, 0.124155, 0.059432, 0.016186]
    found = varying(stage_of(optimizer=f"sgd(lr={rate})"))
    assert [rates[0] for rates in found] == pytest.approx(expected, abs=1e-6)


def test_a_weight_decay_that_rises_along_a_cosine() -> None:
    stage = stage_of(optimizer="adamw(lr=1e-3, weight_decay=0.4 - 0.36*cosine())")
    found = [values[0] for values in varying(stage)]
    assert (found[0], found[6]) == pytest.approx((0.04, 0.22))


def test_the_temperature_of_a_teacher_may_change_with_time() -> None:
    stage = stage_of(MATCH.format("0.04 + 0.03*linear_ramp(3ep, every=1ep, endpoint=true)"))
    found = [values[0] for values in varying(stage)]
    assert found == pytest.approx([0.04] * 4 + [0.055] * 4 + [0.07] * 4)

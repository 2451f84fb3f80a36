"""The checkpoint that a stage keeps: chosen by one number, taken by what comes after, resumed to the bit."""

import math
from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, plan_of
from test_resume import outcome, stopped
from torch import nn

from ssldsl.graph.plan import KeepPlan, Plan
from ssldsl.runtime.evaluate.per_sample import correctness
from ssldsl.runtime.folder.checkpoint import complete_checkpoints, read_part
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.folder.stage_end import final_memories, final_weights
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.train.best import Best
from ssldsl.runtime.train.loss_ring import Window

SPEC = """ssl 1
data   images  = digits()
stream labeled = images.train.subset(64, seed=0) >> random_shift(1)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
stage first {{
  loss      = ce(labeled)
  batch     = {{labeled: 16}}
  optimizer = sgd(lr=1.0)
  average   = polyak(half_life=2it)
  run       = 12it
  evaluate  = 2it
  keep      = {keep}
  eval top1(images.test) as val
  eval confusion_matrix(images.test) as confused
  watch confidence(probabilities(stop(classes(encoder(labeled))))) as sure
}}
stage second after first {{
  init encoder, classes from first
  loss      = ce(labeled)
  batch     = {{labeled: 16}}
  optimizer = sgd(lr=1e-300)
  run       = 1it
  eval top1(images.test) as val
}}
"""
QUIET = Options(is_progress_shown=False, keeps_state=True)


def plan(keep: str) -> Plan:
    return plan_of(SPEC.format(keep=keep), "precision=fp64")


def values(folder: Path) -> list[tuple[int, float]]:
    """What the first stage measured, step by step."""
    return [(li["step"], li["eval"]["val"]) for li in read_lines(folder)[0] if "eval" in li and li["stage"] == "first"]


@pytest.mark.parametrize(("keep", "choose"), [("best(val)", max), ("lowest(val)", min)])
def test_the_extreme_of_a_metric_is_kept_and_measured_again(tmp_path: Path, keep: str, choose: type[max]) -> None:
    found = run(plan(keep), tmp_path, LIBRARY, QUIET).metrics["first"]
    measured = values(tmp_path)
    assert found["val@best"] == choose(value for _, value in measured)
    assert sum(map(sum, found["confused@best"])) == 360


def test_what_comes_after_takes_the_weights_that_are_kept(tmp_path: Path) -> None:
    run(plan("lowest(val)"), tmp_path, LIBRARY, QUIET)
    first, second = final_weights(tmp_path, "first", average=False), final_weights(tmp_path, "second", average=False)
    assert all(torch.equal(first[name], second[name]) for name in first)
    end = next(c for c in complete_checkpoints(tmp_path / "checkpoints") if c.stage == "first" and c.is_end)
    last = read_part(end, "weights")
    assert not all(torch.equal(first[name], last[name]) for name in first)
    assert correctness(tmp_path, LIBRARY, stage="first", metric="val").recorded == min(v for _, v in values(tmp_path))


def test_the_lowest_loss_is_that_of_the_steps_before_an_evaluation(tmp_path: Path) -> None:
    run(plan("lowest(loss)"), tmp_path, LIBRARY, QUIET)
    lines = [line for line in read_lines(tmp_path)[0] if line["stage"] == "first" and "total" in line]
    means = {step: (lines[step - 2]["total"] + lines[step - 1]["total"]) / 2 for step in range(2, 13, 2)}
    end = next(c for c in complete_checkpoints(tmp_path / "checkpoints") if c.stage == "first" and c.is_end)
    taken = final_weights(tmp_path, "first", average=False)
    is_last = all(torch.equal(taken[name], tensor) for name, tensor in read_part(end, "weights").items())
    assert is_last == (min(means, key=lambda step: means[step]) == 12)


@pytest.mark.parametrize("keep", ["best(val)", "lowest(loss)", "best(sure)"])
def test_stopped_and_continued_the_same_is_kept(tmp_path: Path, keep: str) -> None:
    run(plan(keep), tmp_path / "whole", LIBRARY, QUIET)
    stopped(plan(keep), tmp_path / "stopped", 3, 5)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")
    one, two = (final_weights(tmp_path / name, "first", average=True) for name in ("whole", "stopped"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def kept(numbers: list[float | None], *, is_lowest: bool = False) -> int:
    """The step that is kept of some, one after another."""
    best = Best(KeepPlan(name="val", is_lowest=is_lowest), nn.ModuleDict(), None)
    for step, value in enumerate(numbers, start=1):
        best.offer(step, {"val": value})
    return best.step


def test_of_equals_the_first_is_kept_and_no_number_is_never_best() -> None:
    assert kept([0.5, 0.7, 0.7, 0.6]) == 2
    assert kept([None, math.nan, math.inf, 0.1]) == 4
    assert kept([0.5, 0.2, 0.2], is_lowest=True) == 2
    assert kept([None, math.nan]) == 0


def test_of_a_loss_the_mean_is_that_of_the_steps_since_the_evaluation_that_compute_it() -> None:
    best = Best(KeepPlan(name="pairs", is_lowest=True), nn.ModuleDict(), None)

    def seen(first: int, *values: float) -> float:
        rows = tuple((value, 0.0) for value in values)
        best.see(Window(first, ("pairs", "loss"), rows, left_out=lambda step: {"pairs"} if step % 2 else ()))
        return best.seen / best.count

    assert seen(0, 4.0, math.nan, 6.0) == 5.0
    best.offer(3, {})
    assert (best.value, best.step) == (5.0, 3)
    assert seen(0, 4.0, math.nan, 6.0, math.nan, 1.0) == 1.0  # a window that is not over has been read before
    best.offer(5, {})
    assert (best.value, best.step) == (1.0, 5)


REMEMBERING = """ssl 1
data   images  = digits()
stream labeled = images.train.subset(64, seed=0)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
let    p       = probabilities(classes(encoder(labeled)))
let    past    = per_sample(stop(p), labeled.position, momentum=0.6)
stage first {
  loss      = ce(labeled) + mean(mse(p, past)) as ensemble
  batch     = {labeled: 16}
  optimizer = sgd(lr=1.0)
  run       = 12it
  evaluate  = 2it
  keep      = lowest(val)
  eval top1(images.test) as val
}
stage second after first {
  init encoder, classes, past from first
  loss      = ce(labeled) + mean(mse(p, past)) as ensemble
  batch     = {labeled: 16}
  run       = 1it
}
"""


def test_memories_are_kept_and_handed_on_with_the_weights(tmp_path: Path) -> None:
    whole = plan_of(REMEMBERING, "precision=fp64")
    run(whole, tmp_path / "whole", LIBRARY, QUIET)
    found = values(tmp_path / "whole")
    best = min(found, key=lambda pair: pair[1])[0]
    assert best < 12
    short = plan_of(REMEMBERING, "precision=fp64", f"first.run={best}it")  # ends where the other is best
    run(short, tmp_path / "short", LIBRARY, QUIET)
    kept, ended = (final_memories(tmp_path / name, "first") for name in ("whole", "short"))
    assert kept.keys() == ended.keys() and all(torch.equal(kept[key], ended[key]) for key in kept)
    stopped(whole, tmp_path / "stopped", 7)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")
    again = final_memories(tmp_path / "stopped", "first")
    assert all(torch.equal(again[key], kept[key]) for key in kept)

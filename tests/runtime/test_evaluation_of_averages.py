"""Averaged and raw networks in one run, and losses as metrics: the same numbers as apart, or as plain PyTorch gives."""

from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, plan_of
from torch.nn.functional import cross_entropy

from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.evaluate.final_modules import final_modules
from ssldsl.runtime.evaluate.per_sample import correctness
from ssldsl.runtime.evaluate.results import Results
from ssldsl.runtime.run import Options, run

SPEC = """ssl 1
data   images  = digits()
stream labeled = images.train.subset(64, seed=0) >> random_shift(1)
net    encoder = convnet(width=8, norm="batch")
head   classes = linear(encoder.dim, images.classes)
head   turns   = linear(encoder.dim, 4)
net    clf     = encoder >> classes
let    turned  = images.test >> rotate4()
loss    = ce(labeled) + rotation(labeled)
batch   = {labeled: 16}
average = polyak(half_life=2it)
forward = separate
run     = 9it
"""
QUIET = Options(is_progress_shown=False)


def measured(folder: Path, evaluations: str, *edits: str) -> Results:
    return run(plan_of(SPEC + evaluations, "precision=fp64", *edits), folder, LIBRARY, QUIET).metrics["main"]


def test_raw_and_averaged_networks_are_those_of_a_run_each(tmp_path: Path) -> None:
    both = measured(
        tmp_path / "both", "eval top1(images.test, net=average.clf) as averaged\neval top1(images.test) as raw\n"
    )
    averaged = measured(tmp_path / "averaged", "eval top1(images.test) as top1\n")
    raw = measured(tmp_path / "raw", "eval top1(images.test) as top1\n", "average=none")
    assert averaged["top1"] != raw["top1"]
    assert (both["averaged"], both["raw"]) == (averaged["top1"], raw["top1"])


def test_a_loss_in_an_evaluation_is_its_mean_over_all_rows(tmp_path: Path) -> None:
    found = measured(tmp_path / "run", "eval ce(images.test) as val_loss\n", "average=none")
    modules = final_modules(tmp_path / "run", LIBRARY)
    plan = plan_of(SPEC + "eval ce(images.test)\n")
    (data,) = (n.id for n in plan.stages[0].nodes if n.op == "split" and n.settings["name"] == "test")
    test = Datasets(LIBRARY).samples(plan.stages[0], data).read(torch.arange(360))
    with torch.no_grad():
        logits = modules["classes"](modules["encoder"](test["image"].double()))
    assert found["val_loss"] == pytest.approx(cross_entropy(logits, test["label"]).item(), abs=1e-12)


def test_a_mean_over_views_in_an_evaluation_is_that_of_their_means(tmp_path: Path) -> None:
    views = "cross_entropy(clf(images.test), images.test.label), cross_entropy(clf(images.train), images.train.label)"
    found = measured(
        tmp_path / "run",
        f"eval mean([{views}]) as both\neval ce(images.test) as tested\neval ce(images.train) as seen\n",
    )
    assert found["both"] == pytest.approx((found["tested"] + found["seen"]) / 2, abs=1e-12)


def test_fields_of_views_are_read_in_evaluations(tmp_path: Path) -> None:
    found = measured(
        tmp_path / "run",
        "eval accuracy(rotation_angles(turned), turned.angle) as angles\n".replace(
            "rotation_angles(turned)", "turns(encoder(turned))"
        ),
    )
    assert 0 <= found["angles"] <= 1


def test_single_samples_are_judged_by_the_weights_that_the_evaluation_says(tmp_path: Path) -> None:
    evaluations = "eval top1(images.test, net=average.clf) as averaged\neval top1(images.test) as raw\n"
    found = measured(tmp_path / "run", evaluations)
    for name in ("averaged", "raw"):
        assert correctness(tmp_path / "run", LIBRARY, metric=name).correct.double().mean() == pytest.approx(found[name])

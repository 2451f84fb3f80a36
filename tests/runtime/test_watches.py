"""What is watched is recorded as the mean over all rows, and changes nothing that is learned."""

import math
from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, plan_of

from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.train.loss_ring import LossRing, Window

SPEC = """ssl 1
data   images    = digits()
stream labeled   = images.train.subset(40, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train.subset(32, seed=0)) >> random_shift(1)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
let    p         = probabilities(stop(classes(encoder(unlabeled))))
let    strong    = classes(encoder(random_shift(unlabeled, 2)))
loss  = ce(labeled) + mean((confidence(p) >= 0.2) * cross_entropy(strong, hard_labels(p))) as fixmatch
batch = {labeled: 8, unlabeled: 16}
run   = 6it
"""
WATCHES = """watch mean(confidence(p) >= 0.2) as kept
watch entropy(classes(encoder(random_shift(unlabeled, 2)))) as doubt
watch (hard_labels(classes(encoder(labeled))) == labeled.label) as accuracy
"""
QUIET = Options(is_progress_shown=False)


def watched(folder: Path, *edits: str) -> list[dict[str, float]]:
    run(plan_of(SPEC + WATCHES, "precision=fp64", *edits), folder, LIBRARY, QUIET)
    return [line["watch"] for line in read_lines(folder)[0] if "watch" in line]


def test_a_watched_mask_is_the_share_of_its_rows(tmp_path: Path) -> None:
    shares = [line["kept"] for line in watched(tmp_path / "run")]
    assert len(shares) == 6
    assert all(share * 16 == round(share * 16) for share in shares)


def test_with_and_without_watches_the_same_is_learned(tmp_path: Path) -> None:
    watched(tmp_path / "with")
    run(plan_of(SPEC, "precision=fp64"), tmp_path / "without", LIBRARY, QUIET)
    ends = [latest(tmp_path / name / "checkpoints") for name in ("with", "without")]
    one, two = (read_part(end, "weights") for end in ends if end is not None)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_watched_mean_is_that_of_all_accumulated_parts(tmp_path: Path) -> None:
    whole, parts = watched(tmp_path / "whole"), watched(tmp_path / "parts", "accumulate=4")
    for one, two in zip(whole, parts, strict=True):
        assert one == pytest.approx(two, abs=1e-12)


def test_what_is_watched_has_a_column(tmp_path: Path) -> None:
    watched(tmp_path / "run")
    header, first, *_ = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    assert float(dict(zip(header.split(","), first.split(","), strict=True))["watch.accuracy"]) <= 1


def test_a_step_without_a_number_is_left_out_of_the_mean() -> None:
    window = Window(0, ("ce", "loss", "purity"), ((1.0, 1.0, math.nan), (3.0, 3.0, 0.5)), watched=1)
    assert window.watched_means() == {"purity": 0.5}
    assert window.means() == {"ce": 2.0, "loss": 2.0}
    assert window.first_not_finite() is None


def test_the_ring_hands_on_how_many_columns_are_watched() -> None:
    ring = LossRing(("ce", "loss", "purity"), 1, "cpu", watched=1)
    ring.put(0, 0, {name: torch.tensor(value) for name, value in (("ce", 1.0), ("loss", 1.0), ("purity", math.nan))})
    assert math.isnan(ring.read(0).watched_means()["purity"])


def test_no_gradient_is_computed_for_what_is_watched() -> None:
    (stage,) = plan_of(SPEC + WATCHES).stages
    nodes = {node.id: node for node in stage.nodes}
    assert not any(nodes[watch.node].grad for watch in stage.watches)

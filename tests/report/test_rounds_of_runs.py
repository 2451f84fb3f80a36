"""The page of a run shows what came of every round, and of data that were computed again and again."""

import json
from pathlib import Path

import pytest

from ssldsl import pipeline
from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.report.folder import read_run
from ssldsl.report.run.rounds import computed_charts, round_chart
from ssldsl.source import Source

HEAD = """
ssl 1
data   images  = digits()
stream all     = images.train
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
"""
ROUNDS = """
stage warm { loss = ce(all)  run = 2it }
stage refine[3] after warm { init encoder, classes from previous  loss = ce(all)  run = 2it  eval top1(images.test) }
"""
CLUSTERS = """
stream near = all.kmeans_labels(encoder(all), clusters=10, every=2it)
loss  = cross_entropy(classes(encoder(near)), near.cluster)
batch = {near: 10}
run   = 6it
"""


def folder(spec: str, lines: list[dict[str, object]], place: Path) -> tuple[Plan, Path]:
    plan = pipeline.compile(check(Source("spec.ssl", HEAD + spec)).unwrap())
    (place / "plan.json").write_text(plan.model_dump_json(), "utf-8")
    (place / "lock.json").write_text("{}", "utf-8")
    (place / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return plan, place


def test_the_newest_round_shows_the_metrics_of_all_that_are_done(tmp_path: Path) -> None:
    done = {"refine.0": 0.5, "refine.1": 0.75}
    lines = [{"stage": s, "step": 2, "epoch": 1.0, "eval": {"top1": value}} for s, value in done.items()]
    plan, place = folder(ROUNDS, lines, tmp_path)
    run = read_run(place)
    charts = {stage.name: round_chart(run, stage) for stage in plan.stages}
    assert [name for name, found in charts.items() if found] == ["refine.1"]
    (chart,) = charts["refine.1"]
    assert (chart.steps, chart.counts) == (2, "round")
    assert [(s.name, s.steps, s.values) for s in chart.series] == [("top1", (0, 1), (0.5, 0.75))]


def test_clusters_that_were_computed_again_are_a_chart(tmp_path: Path) -> None:
    numbers = [{"fewest": 1 + step, "most": 9 - step, "empty": 0} for step in (0, 2, 4)]
    lines = [
        {"stage": "main", "step": 2 * i, "epoch": 0.0, "computed": {"near": {"fields": {"cluster": found}}}}
        for i, found in enumerate(numbers)
    ]
    plan, place = folder(CLUSTERS, lines, tmp_path)
    (chart,) = computed_charts(read_run(place), plan.stages[0])
    assert chart.title == "near.cluster"
    assert [(s.name, s.values) for s in chart.series] == [
        ("fewest", pytest.approx((1, 3, 5))), ("most", pytest.approx((9, 7, 5))), ("empty", (0, 0, 0)),
    ]  # fmt: skip

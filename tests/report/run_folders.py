"""Run folders made by hand, as the runtime writes them: numbers that a test knows, and nothing trained."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ssldsl.graph.plan import (
    CombinedPlan,
    ConstantPlan,
    CurvePlan,
    EvaluationPlan,
    ModulePlan,
    NodePlan,
    OpPlan,
    Plan,
    ScalarPlan,
    StagePlan,
    StreamPlan,
    TermPlan,
)
from ssldsl.graph.plan_types import TensorPlan

SPEC = """ssl 1
data   images  = digits()
stream labeled = images.train
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
loss = ce(labeled)
optimizer = sgd(lr=0.1 * cosine())
batch = {labeled: 50}
run = 2ep
eval top1(images.test)
"""
SCALAR = TensorPlan(kind="Scalar")
COSINE = CombinedPlan(op="*", left=ConstantPlan(value=0.1), right=CurvePlan(op="cosine", settings={"to": 0.0}))


def stage(
    name: str = "main",
    *,
    steps: int = 40,
    terms: Mapping[str, float | ScalarPlan] | None = None,
    metrics: Mapping[str, str] | None = None,
    lr: ScalarPlan | None = COSINE,
    **settings: Any,
) -> StagePlan:
    """A stage of four epochs. `metrics`: the op of every evaluation, by its name."""
    weights = {"ce": 1.0, "vat": 0.3} if terms is None else terms
    plans = {k: ConstantPlan(value=w) if isinstance(w, int | float) else w for k, w in weights.items()}
    measured = {"top1": "accuracy"} if metrics is None else metrics
    values: dict[str, Any] = {
        "name": name,
        "nodes": tuple(NodePlan(id=f"m.{k}", op=op, type=SCALAR, placement="evaluation") for k, op in measured.items()),
        "schedules": (lr,) if lr is not None else (),
        "streams": (StreamPlan(name="labeled", data="n4", rows=50, size=100),),
        "terms": tuple(TermPlan(name=k, node=f"t.{k}", weight=w) for k, w in plans.items()),
        "train": ("encoder", "classes"),
        "optimizer": OpPlan(op="sgd", settings={"lr": {"schedule": 0} if lr is not None else 0.1, "momentum": 0.9}),
        "clock": "labeled",
        "steps": steps,
        "steps_per_epoch": steps // 4,
        "forward": "concat",
        "evaluations": tuple(
            EvaluationPlan(name=k, node=f"m.{k}", picture="confusion" if op == "confusion_counts" else "")
            for k, op in measured.items()
        ),
        "evaluate_every": steps // 4,
    }
    return StagePlan(**{**values, **settings})


def plan(*stages: StagePlan, name: str = "quick", seed: int = 0, edits: Sequence[str] = (), **values: Any) -> Plan:
    """An experiment of those stages; of one usual stage if none is given."""
    encoder = ModulePlan(path="encoder", op="convnet", kind="net", sizes={"channels": 1}, settings={"width": 8})
    given = {"modules": (encoder,), "ops": {"sgd": "aa", "convnet": "bb"}, **values}
    return Plan(name=name, seed=seed, stages=stages or (stage(),), edits=tuple(edits), **given)


def training_line(name: str, step: int, epoch: float, losses: Mapping[str, float], **values: Any) -> dict[str, Any]:
    """A line of the records about training; every weight is 1 unless `weight` says otherwise."""
    weights = values.pop("weight", dict.fromkeys(losses, 1.0))
    total = sum(weights[k] * v for k, v in losses.items())
    line = {"stage": name, "step": step, "epoch": epoch, "loss": dict(losses), "total": total, "lr": 0.1}
    return {**line, "weight": weights, "images_per_second": 500.0, "seconds": step * 0.5, **values}


def evaluation_line(name: str, step: int, epoch: float, metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {"stage": name, "step": step, "epoch": epoch, "eval": dict(metrics), "seconds": step * 0.5}


def usual_lines(experiment: Plan, final: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Four training lines and four evaluations of every stage; the last evaluation gives `final`."""
    lines = []
    for one in experiment.stages:
        for part in range(1, 5):
            step = one.steps * part // 4
            losses = {term.name: 2.0 / part for term in one.terms}
            weights = {t.name: t.weight.value if isinstance(t.weight, ConstantPlan) else 0.5 for t in one.terms}
            lines.append(training_line(one.name, step, part, losses, weight=weights))
            shrunk = {k: v * part / 4 if isinstance(v, float) else v for k, v in final.items()}
            lines.append(evaluation_line(one.name, step, part, shrunk))
    return lines


def write_run(
    folder: Path,
    experiment: Plan,
    final: Mapping[str, Any] | None = None,
    *,
    lines: Sequence[Mapping[str, Any]] | None = None,
    status: str | None = "finished",
    message: str = "",
    spec: str = SPEC,
    data: str = "dd",
) -> Path:
    """A run folder. `final`: the metrics every stage ended with. `status` none: nobody wrote how the run ended."""
    folder.mkdir(parents=True)
    metrics = {"top1": 0.9} if final is None else dict(final)
    records = usual_lines(experiment, metrics) if lines is None else lines
    (folder / "plan.json").write_text(experiment.model_dump_json(), encoding="utf-8")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in records), encoding="utf-8")
    (folder / "metrics.csv").write_text("stage,step\n", encoding="utf-8")
    for name in ("spec.ssl", "resolved.ssl"):
        (folder / name).write_text(spec, encoding="utf-8")
    request = {"spec": "quick.ssl", "text": spec, "variants": [], "sets": [], "drops": [], "seed": experiment.seed}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    lock = {
        "identity": "0123456789abcdef0123",
        "seed": experiment.seed,
        "versions": {"ssldsl": "0.1.0", "torch": "2.9.0"},
        "device": "x86_64",
        "ops": experiment.ops,
        "data": {one.name: {"n4": data} for one in experiment.stages},
        "git": {"commit": "c0ffee" * 6, "has_changes": True},
    }
    (folder / "lock.json").write_text(json.dumps(lock), encoding="utf-8")
    if status is not None:
        stages = {one.name: metrics for one in experiment.stages}
        summary = {"status": status, "seconds": 12.5, "stages": stages, "message": message}
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder

"""Plans for whole runs: the hand-written quickstart with metrics, in one stage or two."""

from typing import Any

from step_plans import place, quickstart

from ssldsl.graph.plan import EvaluationPlan, InitPlan, NodePlan, Plan
from ssldsl.ops.library import Library

LIBRARY = Library.shipped(installed=False)


def experiment(*, steps: int = 12, norm: str = "group", seed: int = 0, **stage: Any) -> Plan:
    """The quickstart with accuracy and confusion matrix on the test set, four steps an epoch, metrics after each."""
    settings: dict[str, Any] = {"steps": steps, "steps_per_epoch": 4, "evaluate_every": 4, **stage}
    plan = quickstart(norm=norm, seed=seed, separate=False, **settings)
    only = plan.stages[0]
    nodes = (*only.nodes, *_evaluation(only.nodes))
    metrics = tuple(EvaluationPlan(name=name, node=name, place=place(11)) for name in ("top1",))
    return plan.model_copy(update={"stages": (only.model_copy(update={"nodes": nodes, "evaluations": metrics}),)})


def two_stages(*, steps: int = 6, **init: Any) -> Plan:
    """`main`, then `second` after it, which begins with the encoder of `main` and trains the rest afresh."""
    plan = experiment(steps=steps)
    first = plan.stages[0]
    inits = (
        InitPlan(modules=("encoder",), stage="main", place=place(11), **init),
        InitPlan(modules=("classes", "rotation.angles"), place=place(11)),
    )
    second = first.model_copy(update={"name": "second", "after": ("main",), "init": inits})
    return plan.model_copy(update={"stages": (first, second)})


def _evaluation(nodes: tuple[NodePlan, ...]) -> list[NodePlan]:
    source = next(node.id for node in nodes if node.op == "source")
    nets = {node.settings["name"]: node.id for node in nodes if node.op == "net"}

    def node(id_: str, op: str, *inputs: str, placement: str = "evaluation", **fields: Any) -> NodePlan:
        return NodePlan(id=id_, op=op, inputs=inputs, placement=placement, places=(place(11),), **fields)

    return [
        node("test", "split", source, params=("data",), settings={"name": "test"}, placement="data"),
        node("image", "whole", "test", settings={"field": "image"}, type="Images[360, 1, 8, 8]"),
        node("label", "whole", "test", settings={"field": "label"}, type="Labels[360; 10 classes]"),
        node("deep", "apply", nets["encoder"], "image", params=("net", "inputs")),
        node("scores", "apply", nets["classes"], "deep", params=("net", "inputs")),
        node("top1", "accuracy", "scores", "label", params=("logits", "labels"), settings={"k": 1}),
        node("confused", "confusion", "scores", "label", params=("logits", "labels")),
    ]

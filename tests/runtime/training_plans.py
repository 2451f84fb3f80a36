"""Plans for whole runs: the hand-written quickstart with metrics, in one stage or two, and with all kinds of state."""

from pathlib import Path
from typing import Any

from step_plans import SCALAR, SOME, place, quickstart, tensor

from ssldsl.graph.plan import ConstantPlan, EvaluationPlan, InitPlan, ModulePlan, NodePlan, OpPlan, Plan, TermPlan
from ssldsl.ops.library import Library

LIBRARY = Library.shipped(installed=False).with_file(Path(__file__).with_name("own_ops.py"))


def experiment(*, steps: int = 12, norm: str = "group", seed: int = 0, **stage: Any) -> Plan:
    """The quickstart with accuracy and confusion matrix on the test set, four steps an epoch, metrics after each."""
    settings: dict[str, Any] = {"steps": steps, "steps_per_epoch": 4, "evaluate_every": 4, **stage}
    plan = quickstart(norm=norm, seed=seed, separate=norm != "group", **settings)
    only = plan.stages[0]
    nodes = (*only.nodes, *_evaluation(only.nodes))
    metrics = tuple(EvaluationPlan(name=name, node=name, place=place(11)) for name in ("top1", "confused"))
    return with_stage(plan, nodes=nodes, evaluations=metrics)


def with_stage(plan: Plan, **changes: Any) -> Plan:
    """The plan of one stage with that stage changed."""
    return plan.model_copy(update={"stages": (plan.stages[0].model_copy(update=changes),)})


def stateful(*, steps: int = 12, **stage: Any) -> Plan:
    """Batch normalisation, dropout, Adam's moments, a net that is a moving average, an averaged stage, accumulation."""
    settings: dict[str, Any] = {
        "optimizer": OpPlan(op="adamw", settings={"lr": 0.01}),
        "average": OpPlan(op="polyak", settings={"half_life": 3.0}),
        "accumulate": 2,
        "clip": 1.0,
    }
    plan = experiment(steps=steps, norm="batch", **{**settings, **stage})
    modules = [
        module.model_copy(update={"op": "linear_with_dropout"}) if module.path == "classes" else module
        for module in plan.modules
    ]
    encoder = modules[0]
    teacher = encoder.model_copy(
        update={"path": "teacher", "average_of": "encoder", "momentum": ConstantPlan(value=0.9)}
    )
    return plan.model_copy(update={"modules": (*modules, ModulePlan.model_validate(teacher.model_dump()))})


def two_stages(*, steps: int = 6, average: bool = False, **stage: Any) -> Plan:
    """`main`, then `second` after it, which begins with the encoder of `main` and trains the rest afresh."""
    plan = experiment(steps=steps, **stage)
    first = plan.stages[0]
    inits = (
        InitPlan(modules=("encoder",), stage="main", average=average, place=place(11)),
        InitPlan(modules=("classes", "rotation.angles"), place=place(11)),
    )
    second = first.model_copy(update={"name": "second", "after": ("main",), "init": inits})
    return plan.model_copy(update={"stages": (first, second)})


def gentle(plan: Plan, lr: float = 0.1) -> Plan:
    """Rates at which rounding does not grow."""
    optimizer = OpPlan(op="sgd", settings={"lr": lr, "momentum": 0.9})
    stages = [stage.model_copy(update={"optimizer": optimizer}) for stage in plan.stages]
    return plan.model_copy(update={"stages": tuple(stages)})


def without_vat(plan: Plan) -> Plan:
    """Rounding grows by itself where a direction is sought: its second derivatives jump at the kinks of the network."""
    stages = [stage.model_copy(update={"terms": stage.terms[:2]}) for stage in plan.stages]
    return plan.model_copy(update={"stages": tuple(stages)})


def with_term(plan: Plan, op: str, **settings: Any) -> Plan:
    """The plan with one more term, an op on logits and labels."""
    stage = plan.stages[0]
    clean = next(node for node in stage.nodes if node.id == stage.terms[0].node)
    node = NodePlan(
        id="odd",
        op=op,
        inputs=clean.inputs,
        params=("logits", "labels"),
        settings=settings,
        places=(place(11),),
        type=SCALAR,
    )
    term = TermPlan(name="odd", node="odd", weight=ConstantPlan(value=1.0), place=place(11))
    return with_stage(plan, nodes=(*stage.nodes, node), terms=(*stage.terms, term))


def _evaluation(nodes: tuple[NodePlan, ...]) -> list[NodePlan]:
    source = next(node.id for node in nodes if node.op == "source")
    nets = {node.settings["name"]: node.id for node in nodes if node.op == "net"}

    def node(id_: str, op: str, *inputs: str, placement: str = "evaluation", **fields: Any) -> NodePlan:
        given = {"type": SOME, **fields}
        return NodePlan(id=id_, op=op, inputs=inputs, placement=placement, places=(place(11),), **given)

    return [
        node("test", "split", source, params=("data",), settings={"name": "test"}, placement="data"),
        node("image", "whole", "test", settings={"field": "image"}, type=tensor("Images", 360, 1, 8, 8)),
        node("label", "whole", "test", settings={"field": "label"}, type=tensor("Labels", 360, classes=10)),
        node("deep", "apply", nets["encoder"], "image", params=("net", "inputs")),
        node("scores", "apply", nets["classes"], "deep", params=("net", "inputs")),
        node("top1", "accuracy", "scores", "label", params=("logits", "labels"), settings={"k": 1}),
        node("confused", "confusion", "scores", "label", params=("logits", "labels")),
    ]

"""A smoke run: a few tiny steps of every stage on made-up data of the right shapes. The graph stays as it is.

Everything else shrinks: steps, durations and schedules by one factor; batches by a number that divides all of a
stage's, so that rows taken out of joined batches stay the same rows; large images where the networks allow it.
"""

import math
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from ssldsl.errors import InternalError
from ssldsl.graph.plan import (
    CombinedPlan,
    CurvePlan,
    InitPlan,
    ModulePlan,
    NodePlan,
    OpPlan,
    Plan,
    ScalarPlan,
    StagePlan,
    scalar_plan,
)
from ssldsl.graph.plan_types import TensorPlan, with_tensors
from ssldsl.ir.primitives import NETWORKS, PRIMITIVES
from ssldsl.ops.library import Library
from ssldsl.runtime.smoke.generated import made_up
from ssldsl.runtime.smoke.shrink import least_rows, with_small_images

EDIT = "--smoke"  # among the edits of a plan: it is for a smoke run
STEPS = 3


def is_smoke(plan: Plan) -> bool:
    """Whether a plan is for made-up data."""
    return EDIT in plan.edits


def smoke_plan(plan: Plan, library: Library | None = None) -> Plan:
    """The plan of a smoke run. `library`: tells which settings of schedules are durations."""
    known = library or Library.shipped()
    factor = min(1.0, STEPS / max(stage.steps for stage in plan.stages))
    stages = tuple(_stage(stage, known) for stage in with_small_images(plan, known).stages)
    modules = tuple(_module(module, factor, known) for module in plan.modules)
    return plan.model_copy(update={"stages": stages, "modules": modules, "edits": (*plan.edits, EDIT)})


def _module(module: ModulePlan, factor: float, library: Library) -> ModulePlan:
    momentum = _scalar(module.momentum, factor, library) if module.momentum is not None else None
    half_life = module.half_life * factor if module.half_life is not None else None
    return module.model_copy(update={"momentum": momentum, "half_life": half_life})


def _stage(stage: StagePlan, library: Library) -> StagePlan:
    steps = min(STEPS, stage.steps)
    factor = steps / stage.steps
    rows = _Rows.of(stage, library)
    kept = _of_memories(stage, library)
    streams = tuple(s.model_copy(update={"rows": rows.scaled(s.rows)}) for s in stage.streams)
    drawn = [stream.rows for stream in streams]
    return stage.model_copy(
        update={
            "steps": steps,
            "steps_per_epoch": max(1, round(stage.steps_per_epoch * factor)),
            "evaluate_every": max(1, steps - 1),
            "schedules": tuple(_scalar(s, factor, library) for s in stage.schedules),
            "terms": tuple(t.model_copy(update={"weight": _scalar(t.weight, factor, library)}) for t in stage.terms),
            "streams": streams,
            "nodes": tuple(
                node if node.id in kept else _node(_paced(node, factor), rows, drawn) for node in stage.nodes
            ),
            "groups": _groups(stage.groups, factor),
            "updates": tuple(u.model_copy(update={"groups": _groups(u.groups, factor)}) for u in stage.updates),
            "turns": None if stage.turns is None else max(1, min(round(stage.turns * factor), steps // 2)),
            "init": tuple(_init(init) for init in stage.init),
            "average": _average(stage.average, factor),
        }
    )


def _average(average: OpPlan | None, factor: float) -> OpPlan | None:
    """The average of a stage, with its durations shorter."""
    if average is None:
        return None
    settings = {name: _shorter(value, factor) for name, value in average.settings.items()}
    return OpPlan.model_validate({**average.model_dump(), "settings": settings})


def _paced(node: NodePlan, factor: float) -> NodePlan:
    """A data op that is run again and again, as often in fewer steps."""
    if node.placement != "data" or "every" not in node.settings:
        return node
    every = max(1, round(node.settings["every"] * factor))
    return node.model_copy(update={"settings": {**node.settings, "every": every}})


def _groups(groups: dict[str, dict[str, Any]], factor: float) -> dict[str, dict[str, Any]]:
    """The settings of groups; how long one is frozen is the one duration among them."""
    return {
        path: {name: value * factor if name == "freeze" else value for name, value in settings.items()}
        for path, settings in groups.items()
    }


def _init(init: InitPlan) -> InitPlan:
    """Files and runs of others are data that a smoke run does without: what they would give begins afresh."""
    return InitPlan(modules=init.modules, place=init.place) if init.file or init.run else init


@frozen
class _Rows:
    """Numbers of rows become smaller in one proportion: `small` instead of `large`."""

    small: int
    large: int

    @staticmethod
    def of(stage: StagePlan, library: Library) -> "_Rows":
        large = math.gcd(*(stream.rows for stream in stage.streams))
        least = least_rows(stage.nodes, library.get, stage.accumulate)
        return _Rows(min(least, large), large) if large else _Rows(1, 1)

    def scaled(self, rows: int) -> int:
        if rows * self.small % self.large:
            raise InternalError(f"{rows} rows are no multiple of {self.large}")
        return rows * self.small // self.large

    def fewer(self, type_: TensorPlan) -> TensorPlan:
        """The type of a value with so many rows less."""
        if not type_.dims or not isinstance(type_.dims[0], int):
            return type_
        return type_.model_copy(update={"dims": (self.scaled(type_.dims[0]), *type_.dims[1:])})


def _node(node: NodePlan, rows: _Rows, drawn: Sequence[int]) -> NodePlan:
    """Rows that are cut out of a batch, in the batch's proportion; what a value's type says of its rows follows.

    A memory with a row for every sample is as long as the samples that are made up. `drawn`: rows of every stream.
    """
    settings = dict(node.settings)
    counts = PRIMITIVES[node.op].row_settings if node.op in PRIMITIVES else ()
    settings |= {name: _fewer(settings[name], rows) for name in counts if name in settings}
    in_step = node.placement in ("step", "host")
    type_ = with_tensors(node.type, rows.fewer) if in_step else node.type
    if isinstance(type_, TensorPlan) and type_.kind == "Positions" and type_.classes is not None:
        type_ = type_.model_copy(update={"classes": made_up(type_.classes, drawn)})
    return node.model_copy(update={"settings": settings, "type": type_})


def _fewer(count: Any, rows: _Rows) -> Any:
    """A number of rows of a setting, or of each of several batches."""
    return rows.scaled(int(count)) if isinstance(count, int | float) else [rows.scaled(int(each)) for each in count]


def _of_memories(stage: StagePlan, library: Library) -> set[str]:
    """The nodes whose rows are those that memories hold: they stay as many."""
    nets = {node.id for node in stage.nodes if node.op in NETWORKS}
    found: set[str] = set()
    for node in stage.nodes:
        signature = library.get(node.op)
        values = set(node.inputs) - nets
        if (signature is not None and signature.role == "memory") or (values and values <= found):
            found.add(node.id)
    return found


def _scalar(plan: ScalarPlan, factor: float, library: Library) -> ScalarPlan:
    """A schedule whose durations are shorter by a factor."""
    if isinstance(plan, CurvePlan):
        signature = library.get(plan.op)
        durations = {s.name for s in signature.settings if "Duration" in s.annotation} if signature else set()
        settings = {k: _shorter(v, factor) if k in durations else v for k, v in plan.settings.items()}
        inside = {k: _scalar(s, factor, library).model_dump() for k, v in settings.items() if (s := scalar_plan(v))}
        return CurvePlan(op=plan.op, settings={**settings, **inside})
    if isinstance(plan, CombinedPlan):
        left, right = (_scalar(side, factor, library) for side in (plan.left, plan.right))
        length = plan.length * factor if plan.length is not None else None
        return CombinedPlan(op=plan.op, left=left, right=right, length=length)
    return plan


def _shorter(value: Any, factor: float) -> Any:
    """A duration, or several, shorter by a factor."""
    if isinstance(value, (list, tuple)):
        return [_shorter(item, factor) for item in value]
    return value * factor if isinstance(value, (int, float)) and not isinstance(value, bool) else value

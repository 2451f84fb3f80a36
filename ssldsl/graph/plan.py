"""The plan: everything the runtime needs, as plain data. A run writes it before its first step and reads nothing else.

The JSON schema of `Plan` is versioned: `VERSION` grows when a reader of the old form could not read the new one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.part import Part
from ssldsl.graph.plan_types import TypePlan

VERSION = 4


class Place(Part):
    """Where something was written. Lines and columns count from 1; `end` is the column after the last character."""

    file: str
    line: int
    column: int
    end: int
    text: str  # the source line


class ConstantPlan(Part):
    kind: Literal["constant"] = "constant"
    value: float


class CurvePlan(Part):
    """A schedule op; durations among its settings are steps, and other schedules plans (`scalar_plan` reads them)."""

    kind: Literal["curve"] = "curve"
    op: str
    settings: dict[str, Any] = {}


class CombinedPlan(Part):
    """`length`: steps of the left side of a `then`."""

    kind: Literal["combined"] = "combined"
    op: Literal["+", "-", "*", "/", "then"]
    left: "ScalarPlan"
    right: "ScalarPlan"
    length: float | None = None


ScalarPlan = Annotated[ConstantPlan | CurvePlan | CombinedPlan, Field(discriminator="kind")]


def scalar_plan(value: Any) -> "ScalarPlan | None":
    """The schedule that a setting of another one is, or nothing."""
    if not isinstance(value, Mapping) or "kind" not in value:
        return None
    plan: ScalarPlan = TypeAdapter(ScalarPlan).validate_python(value)
    return plan


class NodePlan(Part):
    """One node. `settings`: plain values; durations are steps; `{"schedule": k}` is the k-th schedule of the stage."""

    id: str
    op: str
    inputs: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    type: TypePlan
    grad_modules: tuple[str, ...] = ()
    draw: str = ""
    rows: str | None = None
    alias: str = ""
    places: tuple[Place, ...] = ()
    placement: Literal["data", "host", "step", "evaluation"] = "step"
    update: int = 0  # in which of several updates of a step it is computed
    grad: bool = True  # False: nothing differentiates through it, so it runs without recording


class ModulePlan(Part):
    path: str
    op: str
    kind: Literal["net", "head"]
    sizes: dict[str, int] = {}
    settings: dict[str, Any] = {}
    average_of: str = ""
    momentum: ScalarPlan | None = None
    half_life: float | None = None  # steps
    place: Place | None = None


class StreamPlan(Part):
    """`data`: id of the data node a draw reads. `rows`: rows of one step over all processes. `size`: samples."""

    name: str
    data: str
    rows: int
    size: int


class TermPlan(Part):
    """`classes`: of a cross-entropy, over how many; it is their logarithm where all are equally likely."""

    name: str
    node: str
    weight: ScalarPlan
    classes: int | None = None
    update: int = 0
    place: Place | None = None


class WatchPlan(Part):
    """A number of every step that is recorded and trained by nothing. `of_term`: the term that it is an item of."""

    name: str
    node: str
    of_term: str = ""
    update: int = 0
    place: Place | None = None


class KeepPlan(Part):
    """Which checkpoint counts: that with the largest, or the lowest, value of something recorded."""

    name: str
    is_lowest: bool


class OpPlan(Part):
    op: str
    settings: dict[str, Any] = {}
    place: Place | None = None


class InitPlan(Part):
    modules: tuple[str, ...]
    stage: str = ""
    average: bool = False
    file: str = ""
    run: str = ""  # folder of another run whose stage it is; there no name of a stage means the last
    key: str = ""  # of a file: which of its dicts
    prefix: str = ""  # of a file: how the names that are meant begin
    memories: tuple[str, ...] = ()  # names of the calls whose state goes on
    place: Place | None = None


class EvaluationPlan(Part):
    """`picture`: how what it gives is drawn, where its op says so."""

    name: str
    node: str
    picture: Literal["", "confusion", "decisions"] = ""
    place: Place | None = None


class UpdatePlan(Part):
    """One of the updates that a step makes one after another."""

    name: str
    train: tuple[str, ...]
    optimizer: OpPlan
    groups: dict[str, dict[str, Any]] = {}
    clip: float | None = None
    clip_per_tensor: bool = False
    place: Place | None = None


class StagePlan(Part):
    """One stage: its graph after the passes, in an order that can be run, and its settings in steps."""

    name: str
    after: tuple[str, ...] = ()
    nodes: tuple[NodePlan, ...]
    schedules: tuple[ScalarPlan, ...] = ()
    streams: tuple[StreamPlan, ...]
    terms: tuple[TermPlan, ...]
    watches: tuple[WatchPlan, ...] = ()
    train: tuple[str, ...]
    init: tuple[InitPlan, ...] = ()
    optimizer: OpPlan
    groups: dict[str, dict[str, Any]] = {}
    clock: str
    steps: int
    steps_per_epoch: int
    forward: Literal["concat", "separate"]
    average: OpPlan | None = None
    evaluations: tuple[EvaluationPlan, ...] = ()
    evaluate_every: int
    keep: KeepPlan | None = None
    clip: float | None = None
    clip_per_tensor: bool = False
    updates: tuple[UpdatePlan, ...] = ()  # none: a step makes the one that the stage is itself
    turns: int | None = None  # steps that each update has to itself, where they take turns
    accumulate: int = 1
    precision: Literal["fp32", "fp64", "bf16", "fp16"] = "fp32"
    compile: bool = False
    statistics: Literal["global", "local"] = "global"
    place: Place | None = None
    places: dict[str, Place] = {}  # of the settings that the spec writes
    notes: tuple[str, ...] = ()  # what the compiler did that the author of the spec should know

    @property
    def recorded(self) -> tuple[TermPlan | WatchPlan, ...]:
        """The numbers of a step that are recorded: its terms, then what is watched."""
        return (*self.terms, *self.watches)

    @property
    def each_update(self) -> "tuple[StagePlan, ...]":
        """The stage as each update of a step has it: what is trained, how, and of which terms."""
        if not self.updates:
            return (self,)
        fields = ("train", "optimizer", "groups", "clip", "clip_per_tensor")
        return tuple(
            self.model_copy(
                update={
                    **{name: getattr(update, name) for name in fields},
                    "terms": tuple(term for term in self.terms if term.update == number),
                    "watches": tuple(watch for watch in self.watches if watch.update == number),
                }
            )
            for number, update in enumerate(self.updates)
        )

    def updates_at(self, step: int) -> tuple[int, ...]:
        """The numbers of the updates that are made in a step, which counts from 0."""
        count = max(1, len(self.updates))
        return tuple(range(count)) if self.turns is None else (step // self.turns % count,)

    def left_out(self, step: int) -> frozenset[str]:
        """What is recorded and not computed in a step: of the updates whose turn it is not."""
        made = self.updates_at(step)
        return frozenset(part.name for part in self.recorded if part.update not in made)


class Plan(Part):
    """A whole experiment, ready to run. `ops`: digest of every op's source, so that a resume sees a changed op."""

    version: int = VERSION
    name: str
    seed: int
    modules: tuple[ModulePlan, ...]
    stages: tuple[StagePlan, ...]
    ops: dict[str, str] = {}
    edits: tuple[str, ...] = ()


def parse_plan(content: bytes, run: Path) -> Plan:
    """The plan in the text of a file, which lies in the folder of a run. Raises R306 if it is of another version."""
    try:
        written = json.loads(content)
        version = written.get("version") if isinstance(written, dict) else None
        if version is not None and version != VERSION:
            raise SpecError(_unreadable(run, f"its form is number {version}, and this ssldsl reads number {VERSION}"))
        return Plan.model_validate_json(content)
    except ValidationError as error:
        raise SpecError(_unreadable(run, _first_of(error))) from None
    except ValueError as error:
        raise SpecError(_unreadable(run, str(error))) from None


def _unreadable(run: Path, why: str) -> Diagnostic:
    message = f"the plan of the run in {run} cannot be read: {why}"
    return Diagnostic("R306", message, help="use the version of ssldsl that wrote it (its lock.json says which)")


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])

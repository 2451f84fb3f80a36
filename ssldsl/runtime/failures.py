"""What goes wrong while training, as messages about the spec: op, line, and the last good checkpoint."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from attrs import evolve, frozen

from ssldsl.errors import Diagnostic, Note, SpecError
from ssldsl.graph.plan import NodePlan, Place, StagePlan
from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.runtime.folder.checkpoint import latest
from ssldsl.runtime.folder.run_folder import CHECKPOINTS, LOCK
from ssldsl.runtime.nets.modules import net_paths
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure, Raised, is_out_of_memory
from ssldsl.runtime.ops.scalars import ScheduleNotFinite, weight_slots
from ssldsl.runtime.spans import span_of
from ssldsl.runtime.step.code import locate
from ssldsl.runtime.step.lower import Lowered
from ssldsl.source import Span

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_COMPILER = ("torch._dynamo", "torch._inductor")
_CUT = ("Connection closed by peer", "Connection reset by peer", "Broken pipe")


@frozen
class StepContext:
    """Where a run stands, for a message. `step` counts from 1; before the first there is no code of it."""

    folder: Path
    stage: StagePlan
    step: int = 0
    lowered: Lowered | None = None

    def __str__(self) -> str:
        when = f"at step {self.step}" if self.step else "before the first step"
        return f"{when} of stage `{self.stage.name}`"


class NotOneNumber(Exception):
    """A term of the loss is no single number. `term`: its name; `shape`: what it is instead."""

    def __init__(self, term: str, shape: tuple[int, ...]) -> None:
        self.term, self.shape = term, shape
        super().__init__(f"`{term}` has the shape {shape}")


@contextmanager
def explaining_step(context: StepContext) -> Iterator[None]:
    """Inside, an error of an op or of memory becomes a message about the spec."""
    try:
        yield
    except NodeFailure as failure:
        raise SpecError(_failed(failure.raised, context, failure.node)) from failure
    except NotOneNumber as error:
        raise SpecError(_not_one_number(error, context)) from error
    except ScheduleNotFinite as error:
        raise SpecError(_schedule_not_finite(error.slot, context)) from error
    except OP_ERRORS as error:
        found = None if is_lost_process(error) or context.lowered is None else locate(error, context.lowered)
        if found is None and type(error).__module__.startswith(_COMPILER):
            raise SpecError(_not_compiled(Raised.of(error), context)) from error
        if found is None and not is_out_of_memory(error):
            raise  # not the op's: ours
        raise SpecError(_failed(Raised.of(error), context, found)) from error


@contextmanager
def explaining_evaluation(context: StepContext) -> Iterator[None]:
    """Inside, where no generated code runs, an error of an op or of memory becomes a message about the spec."""
    with explaining_step(evolve(context, lowered=None)):
        yield


@contextmanager
def explaining_disk(folder: Path) -> Iterator[None]:
    """Inside, where a run folder is written, a full disk or a place that cannot be written becomes a message.

    What was complete before stays complete.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            code, what, cure = "R405", f"the disk that holds {folder} is full", "free some space"
        else:
            what = f"`{error.filename or folder}` cannot be written: {error.strerror or error}"
            code, cure = "R302", "make it a place that you may write to"
        has_begun = (folder / LOCK).is_file()
        then = f"continue with `ssldsl resume {folder}`" if has_begun else "start the run again"
        raise SpecError(Diagnostic(code, what, hints=last_good(folder), help=f"{cure}, then {then}")) from error


@contextmanager
def explaining_data(stage: StagePlan, data: str = "") -> Iterator[None]:
    """Inside, missing or broken data become a message about the line that wants them. `data`: the node, if known."""
    with explaining_data_at(lambda: span_of(_source_place(stage, data))):
        yield


@contextmanager
def explaining_data_at(find: Callable[[], Span | None]) -> Iterator[None]:
    """The same, where `find` says which line wants the data."""
    try:
        yield
    except MissingData as error:
        message, hints = _data_message(error)
        raise SpecError(Diagnostic("R403", message, find(), hints=hints)) from error
    except BrokenData as error:
        message, hints = _data_message(error)
        raise SpecError(Diagnostic("R404", message, find(), hints=hints)) from error
    except NodeFailure as failure:
        raise SpecError(_data_failed(failure)) from failure


def is_lost_process(error: BaseException) -> bool:
    """Whether an error says that another process went away: what went wrong is said there."""
    return isinstance(error, torch.distributed.DistError) or any(text in str(error) for text in _CUT)


def not_finite(context: StepContext, name: str) -> SpecError:
    """A loss, `loss` for their sum, is infinite or no number."""
    term = next((t for t in context.stage.terms if t.name == name), None)
    place = term.place if term else None
    what = f"the loss `{name}`" if term else "the sum of the losses"
    return SpecError(
        Diagnostic(
            "R401",
            f"{what} is infinite or not a number at step {context.step} of stage `{context.stage.name}`",
            span_of(place),
            "this term" if place else "",
            notes=_notes(next((n for n in context.stage.nodes if term and n.id == term.node), None), place),
            hints=last_good(context.folder),
            help="lower the learning rate, warm it up, or limit the gradient with `clip`",
        )
    )


def _schedule_not_finite(slot: int, context: StepContext) -> Diagnostic:
    what, place = _read_from(slot, context.stage)
    return Diagnostic(
        "R401",
        f"{what} is infinite or not a number {context}",
        span_of(place),
        hints=last_good(context.folder),
        help="what a schedule is divided by must never become 0",
    )


def _read_from(slot: int, stage: StagePlan) -> tuple[str, Place | None]:
    """What a scalar of the step is for, and where that is written."""
    for term in stage.terms:
        if weight_slots(stage).get(term.name) == slot:
            return f"the weight of `{term.name}`", term.place
    for update in stage.each_update:
        for settings in (update.optimizer.settings, *update.groups.values()):
            for name, setting in settings.items():
                if setting == {"schedule": slot}:
                    return f"`{name}` of the optimizer", update.optimizer.place
    for node in stage.nodes:
        for name, setting in node.settings.items():
            if setting == {"schedule": slot}:
                return f"`{name}` of `{node.op}`", node.places[0] if node.places else None
    return "a schedule", None


def last_good(folder: Path) -> tuple[str, ...]:
    """The line that names the last good checkpoint."""
    found = latest(folder / CHECKPOINTS)
    if found is None:
        return ("no checkpoint had been written",)
    return (f"the last good checkpoint is {found.folder} (stage `{found.stage}`, step {found.step})",)


def _failed(raised: Raised, context: StepContext, node: NodePlan | None) -> Diagnostic:
    if node is None or raised.is_out_of_memory:
        return _out_of_memory(raised, context, node)
    place = node.places[0] if node.places else None
    if raised.is_claim:
        said = f"{raised.text} ({context})"
        return Diagnostic("R414", said, span_of(place), notes=_notes(node, place), hints=raised.hints, help=raised.help)
    return Diagnostic(
        "R406",
        f"{_named(node, context.stage)} failed {context}: {raised.text}",
        span_of(place),
        notes=_notes(node, place),
        hints=(*raised.hints, *last_good(context.folder)),
        help="`ssldsl compile --emit python` prints the code of the step; the op's own file is plain PyTorch",
    )


def _data_failed(failure: NodeFailure) -> Diagnostic:
    node, raised = failure.node, failure.raised
    name = str(node.settings["op"] if node.op == "source" else node.op)
    place = node.places[0] if node.places else None
    if raised.is_out_of_memory:
        return Diagnostic(
            "R402",
            f"out of memory while `{name}` opened its data",
            span_of(place),
            notes=_notes(node, place),
            hints=(raised.text,),
            help="large arrays are best kept as `.npy` files, whose rows are read when they are wanted",
        )
    return Diagnostic(
        "R406",
        f"`{name}` failed while the data were opened: {raised.text}",
        span_of(place),
        notes=_notes(node, place),
        hints=raised.hints,
    )


def _not_compiled(raised: Raised, context: StepContext) -> Diagnostic:
    return Diagnostic(
        "R434",
        f"`torch.compile` could not make the step of stage `{context.stage.name}`: {raised.text}",
        span_of(context.stage.places.get("compile", context.stage.place)),
        hints=last_good(context.folder),
        help="leave compilation out: `compile = false`, or `--no-compile`; the result is the same",
    )


def _not_one_number(error: NotOneNumber, context: StepContext) -> Diagnostic:
    term = next((t for t in context.stage.terms if t.name == error.term), None)
    return Diagnostic(
        "R406",
        f"the loss `{error.term}` is no single number {context}: its shape is {list(error.shape)}",
        span_of(term.place) if term else None,
        hints=last_good(context.folder),
        help="its op says `Scalar`: let it end in `.mean()`",
    )


def _out_of_memory(raised: Raised, context: StepContext, node: NodePlan | None) -> Diagnostic:
    place = node.places[0] if node and node.places else None
    where = f" in {_named(node, context.stage)}" if node else ""
    return Diagnostic(
        "R402",
        f"out of memory{where} {context}",
        span_of(place),
        hints=(raised.text, *last_good(context.folder)),
        help="take a smaller `batch`, split it with `accumulate = 2`, or use `precision = bf16`",
    )


def _named(node: NodePlan, stage: StagePlan) -> str:
    """What a node does, in words of the spec: the op, or the network that is applied."""
    if node.op != "apply":
        return f"`{node.op}`"
    nodes = {other.id: other for other in stage.nodes}
    return f"the network `{' >> '.join(net_paths(nodes, node.inputs[0]))}`"


def _notes(node: NodePlan | None, shown: object) -> tuple[Note, ...]:
    """The other places a node was written at: the call of the `def`."""
    spans = [span_of(place) for place in (node.places if node else ()) if place != shown]
    return tuple(Note(span, "called from here") for span in spans if span is not None)


def _data_message(error: Exception) -> tuple[str, tuple[str, ...]]:
    """The first line of the message, and the others. Of the traceback that a worker hands on, the last part counts."""
    text = str(error).rpartition(f"{type(error).__name__}: ")[2]
    first, *rest = text.strip().splitlines()
    return first.rstrip("."), tuple(line.strip() for line in rest if line.strip())


def _source_place(stage: StagePlan, data: str) -> Place | None:
    """Where the source is written that a data node reads; without a node, the only source of the stage."""
    nodes = {node.id: node for node in stage.nodes}
    found = [nodes[data]] if data in nodes else []
    for node in found:  # grows while it is read
        found += [nodes[id_] for id_ in node.inputs]
    sources = [n for n in found or stage.nodes if n.op == "source" and n.places]
    return sources[0].places[0] if len(sources) == 1 else None

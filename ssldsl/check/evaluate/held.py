"""What memories held when a stage ended, for the data that later stages make: `previous.past.rows`."""

from typing import Any

from attrs import evolve

from ssldsl.check.messages import stages
from ssldsl.check.state.context import Context, StageDraft
from ssldsl.check.state.values import UNKNOWN, Batch, ListValue, StageRef
from ssldsl.check.typing.edges import is_held, memories_of
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors
from ssldsl.source import Span


def keep(ctx: Context, stage: Stage, draft: StageDraft) -> None:
    """Remember what the `let`s of a stage that was read mean, where they are memories that its steps write."""
    written = set(ancestors([*(t.node for t in stage.terms), *(w.node for w in stage.watches)]))
    found = [(b, value) for (b, whole), value in draft.meanings.items() if not whole and is_held(ctx, value)]
    found.sort(key=lambda pair: pair[0].scope is not ctx.file_scope)  # what the stage declares hides what the file does
    ctx.held[stage.name] = {b.name: value for b, value in found if written.issuperset(memories_of(ctx, value))}


def read(ctx: Context, origin: StageRef, name: str, place: Span) -> Any:
    """What a memory held when a stage ended, or `UNKNOWN` once it is reported that this is no place for it."""
    if ctx.stage is None or not ctx.stage.derives:
        ctx.report(stages.held_memory_in_step(origin.stage, place))
        return UNKNOWN
    return _left(ctx, ctx.held[origin.stage][name], origin.stage, place)


def _left(ctx: Context, value: Any, stage: str, place: Span) -> Any:
    """A value that memories give, as a stage left it."""
    match value:
        case ListValue():
            return ListValue(tuple(_left(ctx, item, stage, place) for item in value.values))
        case Batch():
            return evolve(
                value, fields=tuple((n, _left(ctx, node, stage, place)) for n, node in value.fields), rows=None
            )
        case Node(op="field"):
            memory = _left(ctx, value.inputs[0], stage, place)
            return ctx.interner.node(
                value.op, (memory,), params=value.params, settings=value.settings, type=value.type, spans=(place,)
            )
    return ctx.interner.node(
        "held",
        settings=(("memory", value.draw), ("stage", stage)),
        type=value.type,
        draw=f"{stage}.{value.draw}",
        spans=(place, *ctx.reporter.calls),
    )

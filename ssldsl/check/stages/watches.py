"""What a stage watches: numbers of its step that are recorded beside the losses and trained by nothing."""

from typing import Any

from attrs import evolve

from ssldsl.check.apply import reductions
from ssldsl.check.messages import names, types
from ssldsl.check.stages import updates
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import UNKNOWN, Batch, DataValue, Loss, StreamRef, describe
from ssldsl.ir.nodes import Constant, Node
from ssldsl.ir.program import WatchedNumber
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.values import is_scalar


def read_watches(reader: Reader) -> tuple[WatchedNumber, ...]:
    """The numbers that the stage watches, as edits leave them. They are read behind the loss: its draws come first."""
    if "watches" not in reader.found:
        reader.found["watches"] = tuple(_undropped(reader, _all(reader)))
    found: tuple[WatchedNumber, ...] = reader.found["watches"]
    return found


def refuse_namesakes(reader: Reader, terms: dict[str, Span]) -> None:
    """Report a watch with the name of a term: both would be one curve."""
    for watch in read_watches(reader):
        if watch.name in terms:
            reader.report(names.watch_called_as_a_term(watch.name, watch.span, terms[watch.name]))


def _all(reader: Reader) -> list[WatchedNumber]:
    stage = reader.ctx.stage
    assert stage is not None
    found: list[WatchedNumber] = []
    for statement in (s for s in reader.body if isinstance(s, tree.Watch)):
        stage.watches = True
        watch = _watch(reader, statement)
        stage.watches = False
        twins = [w for w in found if watch is not None and w.name.split("#")[0] == watch.name]
        if watch is None:
            continue
        if twins and isinstance(statement.value, tree.Named):
            reader.report(names.watches_of_one_name(watch.name, statement.value.name.span, twins[0].span))
        else:
            found.append(evolve(watch, name=f"{watch.name}#{len(twins) + 1}") if twins else watch)
    return found + _of_updates(reader, found)


def _of_updates(reader: Reader, known: list[WatchedNumber]) -> list[WatchedNumber]:
    """What the updates of the stage watch: a number has one name in a step."""
    found = [watch for update in updates.readers(reader) for watch in read_watches(update)]
    for watch in found:
        twin = next((w for w in (*known, *found) if w is not watch and w.name == watch.name), None)
        if twin is not None:
            reader.report(names.watches_of_one_name(watch.name, watch.span, twin.span))
    return found


def _watch(reader: Reader, statement: tree.Watch) -> WatchedNumber | None:
    """One number, or nothing once it is reported that it is none."""
    expr = statement.value
    name = expr.name.id if isinstance(expr, tree.Named) else ""
    if isinstance(expr, tree.Named):
        expr = expr.value
    node = _number(reader, reader.ctx.evaluate(expr, reader.scope), expr.span)
    if node is None:
        return None
    function = expr.function if isinstance(expr, tree.Call) else None
    stage = reader.ctx.stage
    named = function if isinstance(expr, tree.Call) else expr
    called = name or (named.id if isinstance(named, tree.Ref) else node.op)
    return WatchedNumber(called, node, statement.span, update=stage.update if stage is not None else 0)


def _number(reader: Reader, value: Any, span: Span) -> Node | None:
    """The mean over all rows of what is watched, or nothing once it is reported that it has none."""
    if value is UNKNOWN:
        return None
    signature = reader.ctx.signatures.get(value.op) if isinstance(value, Node) else None
    if signature is not None and signature.role == "metrics":
        reader.report(types.metric_in_a_step(signature.name, span))
        return None
    is_no_number = is_scalar(value) or isinstance(value, Batch | StreamRef | DataValue)
    is_no_number |= isinstance(value, Node) and not reductions.is_averaged(value)
    found = value if is_no_number else reductions.reduce(reader.ctx, "mean", value, span)
    terms = len(found.parts) if isinstance(found, Loss) else 0
    if isinstance(found, Loss) and terms == 1 and found.parts[0].weight == Constant(1.0):
        return found.parts[0].node
    if found is not UNKNOWN:
        weighted = "a term with its weight" if terms == 1 else f"a sum of {terms} terms"
        reader.report(types.no_single_watch(weighted if terms else describe(value), terms, span))
    return None


def _undropped(reader: Reader, watches: list[WatchedNumber]) -> list[WatchedNumber]:
    """What `drop NAME` leaves."""
    edits = reader.ctx.loss_edits
    for stage, name, span in edits.drops:
        dropped = [w for w in watches if w.name == name and stage in ("", reader.name)]
        if dropped:
            edits.gone += [w.span for w in dropped]
            edits.met.add(span)
            watches = [w for w in watches if w not in dropped]
    return watches

"""The loss of a stage: named, weighted terms, as edits leave them."""

from typing import cast

from attrs import evolve

from ssldsl.check.apply import reductions
from ssldsl.check.evaluate import declarations
from ssldsl.check.messages import losses, names, stages, values
from ssldsl.check.stages import updates
from ssldsl.check.stages.watches import read_watches, refuse_namesakes
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import UNKNOWN, ListValue, Loss, LossPart, StreamRef, describe
from ssldsl.ir.nodes import Constant, Scalar
from ssldsl.ir.program import Term
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.values import is_number, is_scalar

WHOLE = "loss"  # the sum of all terms is recorded under this name


def read_loss(reader: Reader, name: str) -> list[Term] | None:
    """The terms. Then every `let` of the stage is read, used or not, so that all that is wrong with them is said."""
    terms = _terms(reader)
    refuse_namesakes(reader, {term.name: term.span for term in terms or ()})
    declarations.read_all(reader.ctx, reader.scope)
    return terms


def _terms(reader: Reader) -> list[Term] | None:
    several = updates.readers(reader)
    found = _parts_of_updates(reader, several) if several else _parts(reader)
    parts = None if found is None else _edited(reader, _numbered(reader.ctx, found))
    if parts is None:
        return None
    terms = [Term(p.name, p.weight, p.node, p.span, p.update) for p in parts]
    updates.spread(reader, terms)
    return terms


def _parts_of_updates(reader: Reader, several: tuple[Reader, ...]) -> tuple[LossPart, ...] | None:
    """The terms of all updates, each read with the networks as the updates before it left them."""
    stage = reader.ctx.stage
    assert stage is not None
    stage.takes_turns = reader.value("turns") is not None
    found: list[LossPart] = []
    is_whole = True
    for number, update in enumerate(several):
        updates.begin(update, stage, number)
        parts = _parts(update)
        is_whole &= parts is not None
        own = [evolve(part, update=number) for part in parts or ()]
        update.found["loss"] = [Term(p.name, p.weight, p.node, p.span, number) for p in own]
        read_watches(update)
        updates.end(update, stage)
        found += own
    stage.update = 0
    return tuple(found) if is_whole else None


def _parts(reader: Reader) -> tuple[LossPart, ...] | None:
    """The terms of one `loss`, or nothing once it is reported that it has none."""
    ctx = reader.ctx
    if "loss" not in reader.settings:
        ctx.report(stages.no_loss(reader.subject, reader.span))
        return None
    value = reader.value("loss")
    if value is UNKNOWN:
        return None
    if isinstance(value, ListValue):
        reader.report(losses.list_as_loss(len(value.values), reader.place("loss")))
        return None
    if not isinstance(value, Loss):
        help = f"read it through a loss: `ce({reader.place('loss').text})`" if isinstance(value, StreamRef) else ""
        reader.report(losses.no_loss(describe(value), reader.place("loss"), help))
        return None
    return reductions.averaged(ctx, value).parts


def _numbered(ctx: Context, parts: tuple[LossPart, ...]) -> list[LossPart]:
    """Terms with names of their own: a repeated function name gets a number, a repeated `as` is an error."""
    seen: dict[str, int] = {}
    first: dict[str, Span] = {}
    result = []
    for part in parts:
        if part.name == WHOLE:
            ctx.report(names.term_called_as_the_whole(WHOLE, part.span))
        if part.named and part.name in seen:
            ctx.report(names.terms_of_one_name(part.name, part.span, first[part.name]))
        first.setdefault(part.name, part.span)
        seen[part.name] = count = seen.get(part.name, 0) + 1
        result.append(part if count == 1 else evolve(part, name=f"{part.name}_{count}"))
    return result


def _edited(reader: Reader, parts: list[LossPart]) -> list[LossPart] | None:
    """What edits leave of the terms, or nothing once it is reported that they leave none."""
    read_watches(reader)  # a name to drop may be one of theirs
    edits, known = reader.ctx.loss_edits, [p.name for p in parts]
    for stage, term, span in edits.drops:
        if stage in ("", reader.name):
            if term in known:
                edits.gone += [p.span for p in parts if p.name == term]
                parts = [p for p in parts if p.name != term]
                edits.met.add(span)
            elif stage and span not in edits.met:
                reader.report(names.no_term(reader.subject, term, known, span))
    for stage, term, expr, span in edits.weights:
        if stage in ("", reader.name):
            if term in known:
                edits.met.add(span)
                weight = _weight(reader, expr)
                parts = [p if p.name != term or weight is None else evolve(p, weight=weight) for p in parts]
            elif stage:
                reader.report(names.no_term(reader.subject, term, known, span))
    if not parts:
        reader.report(stages.nothing_left(edits.drops[-1][1], edits.drops[-1][2]))
    return parts or None


def _weight(reader: Reader, expr: tree.Expr) -> Scalar | None:
    """The weight that an edit gives a term; nothing where it is none."""
    value = reader.ctx.evaluate(expr, reader.scope)
    if is_scalar(value):
        return Constant(float(value)) if is_number(value) else cast(Scalar, value)
    if value is not UNKNOWN:
        reader.report(values.no_weight(describe(value), expr.span))
    return None

"""How long a stage runs, what a step draws, and whose pass is an epoch."""

from typing import Any

from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import UNKNOWN, Entries, StreamRef, describe
from ssldsl.errors import did_you_mean
from ssldsl.ir.nodes import Duration
from ssldsl.ir.program import Term
from ssldsl.ir.walk import ancestors
from ssldsl.ops.arguments import duration_advice
from ssldsl.source import Span
from ssldsl.values import is_number

EXAMPLE = 64  # rows, in what messages suggest


def read_duration(reader: Reader, name: str) -> Duration | None:
    """A length of time above 0, or nothing once it is reported to be none."""
    value = reader.value(name)
    if value is UNKNOWN:
        return None
    if not isinstance(value, Duration):
        shown = f"a bare number `{reader.place(name).text}`" if is_number(value) else describe(value)
        reader.error(
            "D501",
            name,
            f"`{name}` wants a duration, found {shown}",
            "in what unit?" if is_number(value) else "",
            duration_advice(value),
        )
        return None
    if value.unit == "%" and name == "run":
        reader.error("D510", name, f"`{name}` cannot be a share of itself", "of what?", "write it in `ep` or `it`")
        return None
    if value.value <= 0:
        reader.error("T303", name, f"`{name}` must be longer than 0, found {value}")
        return None
    return value


def read_run(reader: Reader, name: str) -> Duration | None:
    """How long the stage is, or nothing once it is reported that the spec does not say."""
    if name not in reader.settings:
        reader.ctx.reporter.error(
            "D504",
            reader.span,
            f"{reader.subject} does not say how long it runs",
            "",
            help="for example `run = 30ep` (passes over the clock stream) or `run = 500it` (steps)",
        )
        return None
    return read_duration(reader, name)


def read_batch(reader: Reader, name: str) -> tuple[tuple[str, int], ...] | None:
    """Rows of every stream in a step. Without terms, the loss is wrong, and nobody knows which streams it reads."""
    terms: list[Term] | None = reader.found["loss"]
    read = (n for n in ancestors(t.node for t in terms or ()) if n.op in ("draw", "rows"))
    used = list(dict.fromkeys(str(n.setting("stream")) for n in read))
    value = reader.value(name)
    if value is UNKNOWN:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return None if terms is None else tuple((stream, value) for stream in used)
    if not isinstance(value, Entries):
        names = ", ".join(f"{u}: {EXAMPLE}" for u in used) or "labeled: 64"
        reader.error(
            "D505",
            "batch",
            f"`batch` gives every stream its rows, found {describe(value)}",
            "" if not is_number(value) else "a whole number above 0 would be the rows of each",
            f"for example `batch = {{{names}}}`",
        )
        return None
    rows: dict[str, int] = {}
    good = True
    for (stream, count), (key, place) in zip(value.values, value.spans, strict=True):
        good &= _batch_entry(reader, stream, count, key, place)
        reader.places[f"batch.{stream}"] = key
        rows[stream] = count
    missing = [u for u in used if u not in rows]
    if missing and good:
        reader.error(
            "D505",
            "batch",
            f"`batch` does not say how many rows of `{missing[0]}` a step takes",
            "",
            f"add `{missing[0]}: {EXAMPLE}`",
        )
        return None
    return tuple(rows.items()) if good else None


def _batch_entry(reader: Reader, name: str, count: Any, key: Span, place: Span) -> bool:
    ctx = reader.ctx
    draft = ctx.streams.get(name)
    if draft is None and _is_broken_stream(reader, name):
        return False
    if draft is None:
        ctx.reporter.error("D505", key, f"there is no stream `{name}`", "", help=did_you_mean(name, ctx.streams))
        return False
    if draft.parts or draft.base:
        parts = draft.parts or (draft.base,)
        what = "a join of other streams" if draft.parts else "a view of another stream"
        ctx.reporter.error(
            "D505",
            key,
            f"`{name}` is {what}, and has no rows of its own",
            "",
            help=f"give the rows of {', '.join(f'`{p}`' for p in parts)}",
        )
        return False
    if count is UNKNOWN:
        return False
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        message = f"the rows of `{name}` must be a whole number above 0, found {describe(count)}"
        is_text = isinstance(count, str) and count.isdigit()
        ctx.reporter.error("D505", place, message, help=f"write `{name}: {count}`" if is_text else "")
        return False
    return True


def _is_broken_stream(reader: Reader, name: str) -> bool:
    """A stream that is declared, and whose own line has been reported."""
    binding = reader.scope.find(name)
    return binding is not None and binding.value is UNKNOWN


def read_clock(reader: Reader, name: str) -> str:
    """The stream whose pass is an epoch; by default the first that `batch` names. Without `batch`, it is wrong."""
    value, rows = reader.value(name), reader.found["batch"]
    if rows is None:
        return ""
    batch = dict(rows)
    if value is None or value is UNKNOWN:
        return next(iter(batch), "")
    if not isinstance(value, StreamRef) or value.name not in batch:
        names = ", ".join(f"`{n}`" for n in batch)
        found = describe(value)
        reader.error(
            "D506", "clock", f"`clock` must name a stream that `batch` draws, found {found}", "", f"one of {names}"
        )
        return next(iter(batch), "")
    return value.name

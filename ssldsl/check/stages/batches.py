"""How long a stage runs, what a step draws, and whose pass is an epoch."""

from typing import Any

from ssldsl.check.messages import stages, values
from ssldsl.check.stages.watches import read_watches
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import UNKNOWN, MapValue, StreamRef, describe
from ssldsl.ir.nodes import Duration
from ssldsl.ir.program import Term
from ssldsl.ir.walk import in_a_step
from ssldsl.source import Span
from ssldsl.values import is_number

EXAMPLE = 64  # rows, in what messages suggest
MOST_ROWS = 10**8  # of bytes alone, more than a device holds


def read_duration(reader: Reader, name: str) -> Duration | None:
    """A length of time above 0, or nothing once it is reported to be none."""
    value = reader.value(name)
    if value is UNKNOWN:
        return None
    if not isinstance(value, Duration):
        reader.report(stages.no_duration(name, value, describe(value), reader.place(name)))
        return None
    if value.unit == "%" and name == "run":
        reader.report(stages.share_of_itself(name, reader.place(name)))
        return None
    if value.value <= 0:
        reader.report(values.not_longer_than_nothing(name, value, reader.place(name)))
        return None
    return value


def read_run(reader: Reader, name: str) -> Duration | None:
    """How long the stage is, or nothing once it is reported that the spec does not say."""
    if name not in reader.settings:
        reader.report(stages.no_length(reader.subject, reader.span))
        return None
    return read_duration(reader, name)


def read_turns(reader: Reader, name: str) -> Duration | None:
    """How long each update has to itself, where they take turns."""
    return None if reader.value(name) is None else read_duration(reader, name)


def read_batch(reader: Reader, name: str) -> tuple[tuple[str, int], ...] | None:
    """Rows of every stream in a step. Without terms, the loss is wrong, and which streams it reads is not known."""
    terms: list[Term] | None = reader.found["loss"]
    roots = [*(t.node for t in terms or ()), *(w.node for w in read_watches(reader))]
    read = (n for n in in_a_step(roots) if n.op in ("draw", "rows"))
    used = list(dict.fromkeys(str(n.setting("stream")) for n in read))
    value = reader.value(name)
    if value is UNKNOWN:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        if value > MOST_ROWS:
            reader.report(stages.too_many_rows(used[0] if used else "all", value, MOST_ROWS, reader.place(name)))
            return None
        return None if terms is None else tuple((stream, value) for stream in used)
    if not isinstance(value, MapValue):
        example = ", ".join(f"{u}: {EXAMPLE}" for u in used) or "labeled: 64"
        reader.report(stages.no_rows(describe(value), is_number(value), example, reader.place(name)))
        return None
    return _entries(reader, name, value, used)


def _entries(reader: Reader, name: str, value: MapValue, used: list[str]) -> tuple[tuple[str, int], ...] | None:
    """The rows of each stream that a map names; all that the step reads (`used`) must be there."""
    rows: dict[str, int] = {}
    good = True
    for (written, count), (key, place) in zip(value.values, value.spans, strict=True):
        stream = _of_round(reader, written)
        good &= _batch_entry(reader, stream, count, key, place)
        reader.places[f"batch.{stream}"] = key
        rows[stream] = count
    missing = [u for u in used if u not in rows]
    if missing and good:
        reader.report(stages.rows_not_said(missing[0], EXAMPLE, reader.place(name)))
        return None
    return tuple(rows.items()) if good else None


def _of_round(reader: Reader, written: str) -> str:
    """The stream of this name: of a round, its own before that of all stages."""
    own = reader.scope.stream_name(written)
    return own if own in reader.ctx.streams else written


def _batch_entry(reader: Reader, name: str, count: Any, key: Span, place: Span) -> bool:
    ctx = reader.ctx
    draft = ctx.streams.get(name)
    if draft is None and _is_broken_stream(reader, name):
        return False
    if draft is None:
        ctx.report(stages.no_stream(name, ctx.streams, key))
        return False
    if draft.parts or draft.base:
        ctx.report(stages.rows_of_others(name, bool(draft.parts), draft.parts or (draft.base,), key))
        return False
    if count is UNKNOWN:
        return False
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        ctx.report(stages.no_count_of_rows(name, count, describe(count), place))
        return False
    if count > MOST_ROWS:
        ctx.report(stages.too_many_rows(name, count, MOST_ROWS, place))
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
        reader.report(stages.no_clock(describe(value), tuple(batch), reader.place(name)))
        return next(iter(batch), "")
    return value.name

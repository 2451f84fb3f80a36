"""Which samples the rows of a drawn batch are, as a field that every such batch has: `x.index`."""

from collections.abc import Mapping
from typing import Any

from ssldsl.check.messages import names
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, Batch
from ssldsl.check.typing.numbering import classes_below, numbering
from ssldsl.ir.nodes import Node
from ssldsl.source import Span
from ssldsl.types import Dim, TensorType

NAME = "index"


def has_index(batch: Batch) -> bool:
    """Whether rows have numbers: those of a draw have, also after views; whole data sets have not."""
    return batch.rows is not None and batch.get(NAME) is None


def index(ctx: Context, batch: Batch, span: Span) -> Any:
    """The number of every row's sample in its data set: whole numbers that name no classes."""
    assert batch.rows is not None
    assert isinstance(batch.rows.type, TensorType)
    if len({numbering(draw.inputs[0], ctx.signatures).id for draw in draws(batch.rows)}) > 1:
        ctx.report(names.no_common_numbers(batch.stream, NAME, span))
        return UNKNOWN
    return ctx.interner.node(
        "index",
        (batch.rows,),
        params=("rows",),
        rows=batch.rows,
        spans=(span, *ctx.reporter.calls),
        type=TensorType("Labels", (batch.rows.type.dims[0],)),
    )


def has_copies(rows: Node) -> bool:
    """Whether some samples come more than once: multiplied by a view, or in two views of one draw."""
    found = draws(rows)
    return len({n.id for n in found}) < len(found)


def count_samples(rows: Node, counts: Mapping[str, int]) -> int | None:
    """How many different samples a step has in these rows, where `counts` has the rows of their streams."""
    streams = {str(draw.setting("stream")) for draw in draws(rows)}
    return sum(counts[name] for name in streams) if streams <= counts.keys() else None


def classes_of(rows: Node) -> Dim | None:
    """How many classes the data of these rows have, with or without their labels."""
    found = (classes_below(draw.inputs[0]) for draw in draws(rows))
    return next((classes for classes in found if classes is not None), None)


def draws(rows: Node) -> list[Node]:
    """The draws that rows stem from, each as often as its samples come (twice for several times)."""
    if rows.op == "rows":
        return [rows]
    return [draw for part in rows.inputs for draw in draws(part)] * (2 if rows.op == "repeat_rows" else 1)

"""Where the samples of a batch stand in their stream, as a field that every draw has: `x.position`.

It is made of the same parts as the rows of the batch: a position of every sample drawn, repeated where a view makes
copies of it, one after another where batches are joined.
"""

from typing import Any

from ssldsl.check.messages import names
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, Batch
from ssldsl.check.typing import edges
from ssldsl.check.typing.index_field import draws
from ssldsl.ir.nodes import Node
from ssldsl.source import Span
from ssldsl.types import DataType, Dim, TensorType

NAME = "position"


def has_positions(batch: Batch) -> bool:
    """Whether rows have positions: those of a draw have, also after views; whole data sets have not."""
    return batch.rows is not None and batch.get(NAME) is None


def position(ctx: Context, batch: Batch, span: Span) -> Any:
    """From 0 to size - 1, for every row the number of its sample in the stream; the type says how many there are."""
    assert batch.rows is not None
    if len({draw.setting("stream") for draw in draws(batch.rows)}) > 1:
        ctx.report(names.no_common_positions(batch.stream, span))
        return UNKNOWN
    return _of_rows(ctx, batch.rows, span)


def _of_rows(ctx: Context, rows: Node, span: Span) -> Node:
    if rows.op == "rows":
        return _of_draw(ctx, rows)
    if rows.op == "repeat_rows":
        return edges.repeat(ctx, _of_rows(ctx, rows.inputs[0], span), int(rows.setting("times")), span)
    parts = [_of_rows(ctx, part, span) for part in rows.inputs]
    return ctx.interner.node(
        rows.op,
        tuple(parts),
        params=("values",) * len(parts),
        type=_type(rows, _size(parts[0])),
        rows=rows,
        spans=(span, *ctx.reporter.calls),
    )


def _of_draw(ctx: Context, rows: Node) -> Node:
    data, stream = rows.inputs[0], rows.setting("stream")
    assert isinstance(data.type, DataType)
    return ctx.interner.node(
        "draw",
        (data,),
        params=("data",),
        settings=(("stream", stream), ("field", NAME)),
        rows=rows,
        spans=rows.spans,
        type=_type(rows, data.type.size),
        alias=f"{stream}.{NAME}",
    )


def _type(rows: Node, size: Dim | None) -> TensorType:
    assert isinstance(rows.type, TensorType)
    return TensorType("Positions", rows.type.dims, size)


def _size(node: Node) -> Dim | None:
    assert isinstance(node.type, TensorType)
    return node.type.classes

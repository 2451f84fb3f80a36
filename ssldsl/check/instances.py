"""Which samples the rows of a drawn batch are, as a field that every such batch has: `x.instance`."""

from typing import Any

from ssldsl.check.context import Context
from ssldsl.check.meanings import UNKNOWN, Batch
from ssldsl.check.nodes import Node
from ssldsl.source import Span
from ssldsl.types import DataType, TensorType

NAME = "instance"


def has_instances(batch: Batch) -> bool:
    """Whether rows have numbers: those of a draw have, also after views; whole data sets have not."""
    return batch.rows is not None and batch.get(NAME) is None


def instance(ctx: Context, batch: Batch, span: Span) -> Any:
    """The number of every row's sample in its data set: whole numbers that name no classes."""
    assert batch.rows is not None
    assert isinstance(batch.rows.type, TensorType)
    if len(_splits(batch.rows)) > 1:
        ctx.reporter.error(
            "N204",
            span,
            f"the rows of `{batch.stream}` have no common field `{NAME}`",
            "different samples of different data have the same number",
            help="compare the rows of each stream by themselves: `a | b` instead of `concat(a | b)`",
        )
        return UNKNOWN
    return ctx.interner.node(
        "index",
        (batch.rows,),
        params=("rows",),
        rows=batch.rows,
        spans=(span, *ctx.reporter.calls),
        type=TensorType("Labels", (batch.rows.type.dims[0],)),
    )


def _splits(rows: Node) -> set[int]:
    """The splits of data that samples are numbered in."""
    if rows.op != "rows":
        return {split for part in rows.inputs for split in _splits(part)}
    node = rows.inputs[0]
    while node.inputs and isinstance(node.inputs[0].type, DataType):
        node = node.inputs[0]
    return {node.id}

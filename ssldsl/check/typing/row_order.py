"""In which order rows stand: copies of a sample side by side, as views leave them, or parts one after another."""

import math

from ssldsl.check.messages import dataflow
from ssldsl.check.state.context import Context
from ssldsl.ir.nodes import Node
from ssldsl.source import Span
from ssldsl.types import Dim, TensorType, TupleType


def stand_together(ctx: Context, name: str, dims: tuple[str, ...], node: Node, batch: Dim | None, span: Span) -> bool:
    """Whether an edge that takes several rows of a sample at once, `4*batch`, gets rows that belong together."""
    if not dims or dims[0].isidentifier() or batch is None or not isinstance(node.type, TensorType):
        return True
    taken = _times(node.type.dims[0], batch)
    if not taken or copies(node) % taken == 0:
        return True
    ctx.report(dataflow.rows_in_blocks(name, taken, span))
    return False


def copies(node: Node) -> int:
    """How many rows of every sample stand side by side; 0 where nothing says it."""
    factor = 1
    while node.op != "concat":
        if not node.inputs or node.op in ("draw", "full_dataset", "rows"):
            return factor
        before = next((n for n in node.inputs if _rows(n) is not None), None)
        if before is None:
            return 0
        times = _times(_rows(node), _rows(before))
        if times == 0 and factor % (less := _times(_rows(before), _rows(node)) or factor + 1):
            return 0
        factor = factor * times if times else factor // less
        node = before
    return factor * math.gcd(*(copies(part) for part in node.inputs))


def _rows(node: Node) -> Dim | None:
    """The number of a value's rows."""
    types = [t for _, t in node.type.fields] if isinstance(node.type, TupleType) else [node.type]
    first = types[0]
    return first.dims[0] if isinstance(first, TensorType) and first.dims else None


def _times(rows: Dim | None, of: Dim | None) -> int:
    """How many times as many rows there are; 0 where they are no multiple."""
    if rows is None or of is None or not rows.terms or not of.terms:
        return 0
    times = rows.terms[0][1] // of.terms[0][1]
    return times if times and of * times == rows else 0

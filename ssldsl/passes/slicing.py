"""Rows of rows, and rows put together again, with as few nodes as possible."""

from collections.abc import Iterable

from attrs import frozen

from ssldsl.errors import InternalError
from ssldsl.graph.graph import GraphBuilder
from ssldsl.ir.nodes import Node
from ssldsl.ir.primitives.slice import slice_of
from ssldsl.ir.shapes import joined, rows_of, with_rows
from ssldsl.types import Dim, TensorType


@frozen
class RowRange:
    """The rows `start`, `start + step`, ... before `stop` of a value."""

    base: Node
    start: Dim
    stop: Dim
    step: int

    def continues(self, other: "RowRange") -> bool:
        """Whether `other` goes on where this one ends."""
        return (self.base, self.stop, self.step) == (other.base, other.start, other.step)


def run_of(value: Node) -> RowRange:
    """A value as rows of what it was cut from."""
    if value.op == "slice":
        return RowRange(value.inputs[0], *slice_of(value))
    return RowRange(value, Dim.of(0), rows_of(tensor(value)), 1)


def take_rows(build: GraphBuilder, like: Node, value: Node, start: Dim, stop: Dim, step: int = 1) -> Node:
    """Rows of a value, of the type of `like`. A slice of a slice is one slice, and all rows are the value itself."""
    outer = run_of(value)
    first, end = outer.start + start * outer.step, outer.start + stop * outer.step
    return _cut(build, RowRange(outer.base, first, end, step * outer.step), like, tensor(like), like.grad_modules)


def join_rows(build: GraphBuilder, like: Node, values: list[Node]) -> Node:
    """The values one below the other. Neighboring rows of the same value are taken in one piece."""
    pieces: list[tuple[RowRange, list[Node]]] = []
    for value in values:
        run = run_of(value)
        if pieces and pieces[-1][0].continues(run):
            before, parts = pieces[-1]
            pieces[-1] = RowRange(run.base, before.start, run.stop, run.step), [*parts, value]
        else:
            pieces.append((run, [value]))
    joins = [parts[0] if len(parts) == 1 else _joined_cut(build, run, parts) for run, parts in pieces]
    if len(joins) == 1:
        return joins[0]
    return build.like(
        like, tuple(joins), op="concat", params=("values",) * len(joins), settings=(), alias="",
        type=joined([tensor(n) for n in joins]), grad_modules=grad_modules_of(joins),
    )  # fmt: skip


def _joined_cut(build: GraphBuilder, run: RowRange, parts: list[Node]) -> Node:
    return _cut(build, run, parts[0], joined([tensor(n) for n in parts]), grad_modules_of(parts), "")


def _cut(
    build: GraphBuilder,
    run: RowRange,
    like: Node,
    type_: TensorType,
    grad_modules: frozenset[str],
    alias: str | None = None,
) -> Node:
    if run == RowRange(run.base, Dim.of(0), rows_of(tensor(run.base)), 1):
        return run.base
    step = (("step", run.step),) if run.step != 1 else ()
    settings = (("start", run.start), ("stop", run.stop), *step)
    return build.like(
        like, (run.base,), op="slice", params=("value",), settings=settings, type=type_,
        grad_modules=grad_modules, alias=alias,
    )  # fmt: skip


def output_of(build: GraphBuilder, node: Node, forward: Node) -> Node:
    """What a forward gives besides, for a forward whose rows may have become a part of those of another."""
    match forward.op:
        case "slice":
            return take_rows(build, node, output_of(build, node, forward.inputs[0]), *slice_of(forward))
        case "local":
            whole = output_of(build, node, forward.inputs[0])
            return build.like(node, (whole,), op="local", params=("value",), settings=forward.settings)
        case "apply":
            rows = rows_of(tensor(forward))
            alias = node.alias if rows == rows_of(tensor(node)) else ""
            type_ = with_rows(tensor(node), rows)
            reached = forward.grad_modules if node.grad_modules else frozenset[str]()
            return build.like(node, (forward,), type=type_, grad_modules=reached, alias=alias)
    raise InternalError(f"{node!r} is an output of {forward!r}, which is no forward")


def again(build: GraphBuilder, node: Node, inputs: tuple[Node, ...]) -> Node:
    """The node over new inputs; cuts and joins of what are now cuts themselves become simpler."""
    if node.op == "output":
        return output_of(build, node, inputs[0])
    if node.op == "slice":
        return take_rows(build, node, inputs[0], *slice_of(node))
    if node.op == "concat" and any(value.op == "slice" for value in inputs):
        return join_rows(build, node, list(inputs))
    return build.like(node, inputs)


def grad_modules_of(values: Iterable[Node]) -> frozenset[str]:
    """The modules that the gradient of any of the values reaches."""
    return frozenset[str]().union(*(value.grad_modules for value in values))


def tensor(node: Node) -> TensorType:
    """The type of a node that must be a tensor."""
    if not isinstance(node.type, TensorType):
        raise InternalError(f"{node!r} is {node.type}, where rows are cut or joined")
    return node.type

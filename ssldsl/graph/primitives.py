"""The ops that the language has of itself, and what holds of each: how many inputs it takes and what type it gives."""

from collections.abc import Mapping

from attrs import frozen

from ssldsl.graph.shapes import applied, divided, joined, with_rows
from ssldsl.ir.nodes import Node
from ssldsl.types import DataType, Dim, NetType, SplitsType, TensorType, TupleType, Type


@frozen
class Arity:
    """The least and the largest number of inputs; no largest where any number will do."""

    least: int
    most: int | None

    def allows(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)


_NONE, _ONE, _TWO, _SOME = Arity(0, 0), Arity(1, 1), Arity(2, 2), Arity(1, None)

# `gather`: the rows of all processes, in the order of processes. `local`: of such rows, those of this process.
# `slice` has besides `start` and `stop` a `step` where it is not 1.
PRIMITIVES: Mapping[str, Arity] = {
    "source": _NONE,
    "split": _ONE,
    "draw": _ONE,
    "whole": _ONE,
    "rows": _ONE,
    "index": _ONE,
    "repeat": _ONE,
    "net": _NONE,
    "compose": _SOME,
    "apply": _TWO,
    "field": _ONE,
    "stop": _ONE,
    "concat": _SOME,
    "slice": _ONE,
    "mean": _SOME,
    "sum": _SOME,
    "gather": _ONE,
    "local": _ONE,
}


def slice_of(node: Node) -> tuple[Dim, Dim, int]:
    """Start, stop and step of a `slice` node."""
    return Dim.of(node.setting("start")), Dim.of(node.setting("stop")), node.setting("step") or 1


def derived(node: Node) -> Type | None:
    """The type that a primitive must have for its inputs, or none where only the checker can tell."""
    if node.op == "split" and isinstance(splits := node.inputs[0].type, SplitsType):
        return dict(splits.splits).get(node.setting("name"))
    if node.op == "field" and isinstance(several := node.inputs[0].type, TupleType):
        return dict(several.fields).get(node.setting("name"))
    if node.op == "apply":
        return _applied(node)
    tensors = [n.type for n in node.inputs if isinstance(n.type, TensorType)]
    if len(tensors) == len(node.inputs) and tensors:
        return _derived_tensor(node, tensors)
    return None


def _applied(node: Node) -> Type | None:
    net, value = (n.type for n in node.inputs)
    return applied(net, value) if isinstance(net, NetType) and isinstance(value, TensorType) else None


def _derived_tensor(node: Node, inputs: list[TensorType]) -> Type | None:
    first = inputs[0]
    if node.op in ("stop", "gather", "local"):
        return first
    if node.op == "concat":
        return joined(inputs)
    if node.op == "slice":
        start, stop, step = slice_of(node)
        rows = divided(stop - start, step)
        return None if rows is None else with_rows(first, rows)
    if node.op == "index":
        return TensorType("Labels", first.dims)
    if node.op == "repeat":
        return with_rows(first, first.dims[0] * node.setting("times"))
    return first if node.op in ("mean", "sum") else None


def is_data(type_: Type) -> bool:
    return isinstance(type_, DataType | SplitsType)

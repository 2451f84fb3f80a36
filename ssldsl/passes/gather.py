"""Brings the rows of all processes to the ops that must see them."""

from collections.abc import Iterator

from ssldsl.graph.graph import Builder, Graph, rewrite
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ir.shapes import rows_of
from ssldsl.passes.context import Context
from ssldsl.passes.slicing import tensor
from ssldsl.types import Dim, TensorType, TupleType

SUMS = frozenset({"mean", "sum", "weighted_sum", "stop"})


def gather(graph: Graph, context: Context) -> Graph:
    """Batches that an op with `across="gather"` reads come through a `gather`, those it gives go out through a `local`.

    A memory reads all rows too: every process remembers the same. What it holds is no batch, and comes as it is. With
    one process both are the value itself. All other ops see the rows of their process, and the mean of what the
    processes get is their value. That holds of a mean over rows too, as long as it is only added up; one that is
    compared, or read by an op, is the mean over the rows of all.
    """
    whole = _read_as_numbers(graph)

    def gathers(node: Node) -> bool:
        signature = context.signatures.get(node.op)
        if signature is None or node not in graph.step_nodes:
            return False
        return signature.traits.across == "gather" or signature.role == "memory"

    def rule(node: Node, inputs: tuple[Node, ...], build: Builder) -> Node:
        if gathers(node):
            rows = None if node.rows is None else _gathered(build.became[node.rows], node.rows, build)
            return _local(build.like(node, _all_gathered(node, inputs, build), rows=rows), node, build)
        if node in whole:
            return build.like(node, _all_gathered(node, inputs, build))
        made = build.like(node, inputs)
        return _local(made, node, build) if node.op == "field" and gathers(node.inputs[0]) else made

    return rewrite(graph, rule)


def _read_as_numbers(graph: Graph) -> set[Node]:
    """The means over rows whose value matters beyond the sum of the terms.

    The mean of what the processes get is right for sums of means, and for one mean times a number that all have.
    """
    below: dict[Node, set[Node]] = {}  # the means that a single number is a sum of
    found: set[Node] = set()
    for node in graph.nodes:
        means = [below[n] for n in node.inputs if n in below]
        if node.op == "row_mean":
            below[node] = {node}
        elif means and node in graph.step_nodes:
            is_sum = node.op in SUMS or (node.op == "product" and len(means) == 1 and not _is_batch(node))
            below |= {node: set().union(*means)} if is_sum else {}
            found |= set() if is_sum else set().union(*means)
    return found


def _all_gathered(node: Node, inputs: tuple[Node, ...], build: Builder) -> tuple[Node, ...]:
    return tuple(_gathered(new, old, build) for new, old in zip(inputs, node.inputs, strict=True))


def _gathered(value: Node, old: Node, build: Builder) -> Node:
    if not _is_batch(value) or value.op == "gather":
        return value
    if value.op == "local":
        return value.inputs[0]
    return build.like(value, (value,), op="gather", params=("value",), settings=_settings(old))


def _local(value: Node, old: Node, build: Builder) -> Node:
    if not _is_batch(value):
        return value
    return build.like(value, (value,), op="local", params=("value",), settings=_settings(old))


def _is_batch(value: Node) -> bool:
    return isinstance(value.type, TensorType) and value.type.is_of_batch


def _settings(value: Node) -> tuple[tuple[str, Setting], ...]:
    """Where the rows are those of several batches, one after the other, each of them is gathered by itself.

    So they stand as in one process, which an op that reads positions, such as `mixup`, can tell.
    """
    parts = _parts(value)
    return (("parts", parts),) if len(parts) > 1 else ()


def _parts(value: Node) -> tuple[Dim, ...]:
    """The numbers of rows of the batches that are joined in a value, in order."""
    size = rows_of(tensor(value))
    if value.op == "concat":
        return tuple(part for joined in value.inputs for part in _parts(joined))
    for source in _sources(value):
        times = _times(size, rows_of(tensor(source)))
        if times is not None:
            return tuple(part * times for part in _parts(source))
    return (size,)


def _sources(value: Node) -> Iterator[Node]:
    """What the rows of a value are made of: which samples they are, then what goes in."""
    for node in (value.rows, *value.inputs):
        if node is not None and isinstance(node.type, TupleType):
            yield from _sources(node)
        elif node is not None and node is not value and _is_batch(node):
            yield node


def _times(size: Dim, of: Dim) -> int | None:
    """How many rows there are for each of another value; nothing where that is no whole number."""
    times = size.terms[0][1] // of.terms[0][1] if size.terms and of.terms else 0
    return times if times and of * times == size else None

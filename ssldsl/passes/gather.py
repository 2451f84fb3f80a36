"""Brings the rows of all processes to the ops that must see them."""

from collections.abc import Iterator
from itertools import accumulate

from ssldsl.graph.graph import Graph, GraphBuilder, rewrite
from ssldsl.ir.modules import nets_of
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ir.shapes import rows_of
from ssldsl.ops.signature import Signature
from ssldsl.passes.context import PassContext
from ssldsl.passes.slicing import RowRange, output_of, run_of, tensor
from ssldsl.types import ROWS, Dim, TensorType, TupleType, Type, parse_dim

SUMS = frozenset({"mean", "sum", "weighted_sum", "stop"})


def gather(graph: Graph, context: PassContext) -> Graph:
    """Batches that must be seen whole come through a `gather`, and those made of them go out through a `local`.

    So they are read by an op or a network with `across="gather"`, by one whose dimensions compare rows, and by a
    memory: every process remembers the same. What a memory holds is no batch, and comes as it is. With one process
    both are the value itself. All other ops see the rows of their process, and the mean of what the processes get is
    their value. That holds of a single number too, as long as it is only added up; one that is compared, or read by
    an op, is made of the rows of all.
    """
    whole = _read_as_numbers(graph, context)

    def gathers(node: Node) -> bool:
        return node in whole or (node in graph.step_nodes and _sees_all_rows(node, context))

    def rule(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
        if gathers(node):
            rows = None if node.rows is None else _gathered(build.became[node.rows], node.rows, build)
            return _local(build.like(node, _all_gathered(node, inputs, build), rows=rows), node, build)
        if node.op == "output":
            return output_of(build, node, inputs[0])
        made = build.like(node, inputs)
        return _local(made, node, build) if node.op == "field" and gathers(node.inputs[0]) else made

    return rewrite(graph, rule)


def _sees_all_rows(node: Node, context: PassContext) -> bool:
    """Whether the rows of a process would give something else than the rows of all."""
    signature = context.signatures.get(node.op)
    if any(context.gathers(net) for net in nets_of(node)):
        return True
    return signature is not None and (signature.gathers or _compares_batches(node, signature) or _forgets_rows(node))


def _compares_batches(node: Node, signature: Signature) -> bool:
    """Whether an op reads two batches whose rows are not those of one another, or gives a number for every pair."""
    rows = {
        edge.dims[0]
        for param, value in zip(node.params, node.inputs, strict=True)
        if _is_batch(value) and (edge := signature.edge(param)) is not None and edge.dims
    }
    return len({name for dim in rows for name in parse_dim(dim).symbols}) > 1 or any(
        sum(_has_rows(dim) for dim in type_.dims) > 1 for each in (node, *node.inputs) for type_ in _tensors(each.type)
    )


def _forgets_rows(node: Node) -> bool:
    """Whether an op makes of a batch something that has no rows, such as the mean of every class."""
    made = [type_ for type_ in _tensors(node.type) if type_.dims and not type_.is_of_batch]
    return bool(made) and any(_is_batch(value) for value in node.inputs)


def _tensors(type_: Type) -> Iterator[TensorType]:
    if isinstance(type_, TensorType):
        yield type_
    elif isinstance(type_, TupleType):
        yield from (each for _, each in type_.fields)


def _has_rows(dim: Dim) -> bool:
    return any(symbol.startswith(ROWS) for symbol in dim.symbols)


def _read_as_numbers(graph: Graph, context: PassContext) -> set[Node]:
    """The single numbers of a batch, such as means over rows, whose value matters beyond the sum of the terms.

    The mean of what the processes get is right for sums of them, and for one of them times a number that all have.
    """
    below: dict[Node, set[Node]] = {}  # the numbers of a batch that a single number is a sum of
    found: set[Node] = set()
    for node in graph.nodes:
        means = [below[n] for n in node.inputs if n in below]
        if _is_number_of_batch(node, context):
            below[node] = {node}
        elif means and node in graph.step_nodes:
            is_sum = node.op in SUMS or (node.op == "product" and len(means) == 1 and not _is_batch(node))
            below |= {node: set().union(*means)} if is_sum else {}
            found |= set() if is_sum else set().union(*means)
    return found


def _is_number_of_batch(node: Node, context: PassContext) -> bool:
    if node.op == "row_mean":
        return True
    is_number = isinstance(node.type, TensorType) and not node.type.dims
    return is_number and node.op in context.signatures and any(_is_batch(value) for value in node.inputs)


def _all_gathered(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> tuple[Node, ...]:
    return tuple(_gathered(new, old, build) for new, old in zip(inputs, node.inputs, strict=True))


def _gathered(value: Node, old: Node, build: GraphBuilder) -> Node:
    if not _is_batch(value) or value.op == "gather":
        return value
    if value.op == "local":
        return value.inputs[0]
    return build.like(value, (value,), op="gather", params=("value",), settings=_settings(old))


def _local(value: Node, old: Node, build: GraphBuilder) -> Node:
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
    if value.op in ("concat", "draws"):
        return tuple(part for joined in value.inputs for part in _parts(joined))
    if value.op == "slice" and (found := _within(_parts(value.inputs[0]), run_of(value))):
        return found
    for source in _sources(value):
        times = _times(size, rows_of(tensor(source)))
        if times is not None:
            return tuple(part * times for part in _parts(source))
    return (size,)


def _within(parts: tuple[Dim, ...], run: RowRange) -> tuple[Dim, ...]:
    """Those of the parts of a value that some of its rows are; nothing where the rows begin or end inside of one."""
    ends = list(accumulate(parts, initial=Dim.of(0)))
    if run.step != 1 or run.start not in ends or run.stop not in ends:
        return ()
    return parts[ends.index(run.start) : ends.index(run.stop)]


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

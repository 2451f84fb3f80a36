"""Brings the rows of all processes to the ops that must see them."""

from ssldsl.graph.graph import Builder, Graph, rewrite
from ssldsl.ir.nodes import Node
from ssldsl.passes.context import Context
from ssldsl.types import TensorType

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
        if signature is None or node not in graph.trained_nodes:
            return False
        return signature.facts.across == "gather" or signature.role == "memory"

    def rule(node: Node, inputs: tuple[Node, ...], build: Builder) -> Node:
        if gathers(node):
            rows = None if node.rows is None else _gathered(build.became[node.rows], build)
            return _local(build.like(node, tuple(_gathered(n, build) for n in inputs), rows=rows), build)
        if node in whole:
            return build.like(node, tuple(_gathered(n, build) for n in inputs))
        made = build.like(node, inputs)
        return _local(made, build) if node.op == "field" and gathers(node.inputs[0]) else made

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
        elif means and node in graph.trained_nodes:
            is_sum = node.op in SUMS or (node.op == "product" and len(means) == 1 and not _is_batch(node))
            below |= {node: set().union(*means)} if is_sum else {}
            found |= set() if is_sum else set().union(*means)
    return found


def _gathered(value: Node, build: Builder) -> Node:
    if not _is_batch(value) or value.op == "gather":
        return value
    if value.op == "local":
        return value.inputs[0]
    return build.like(value, (value,), op="gather", params=("value",), settings=())


def _local(value: Node, build: Builder) -> Node:
    return build.like(value, (value,), op="local", params=("value",), settings=()) if _is_batch(value) else value


def _is_batch(value: Node) -> bool:
    return isinstance(value.type, TensorType) and value.type.is_of_batch

"""Runs each network once for all batches that reach it at the same depth."""

from collections.abc import Callable, Hashable

from ssldsl.graph.graph import Graph, GraphBuilder
from ssldsl.ir.nodes import Node
from ssldsl.ir.shapes import joined, rows_of, with_rows
from ssldsl.passes.context import PassContext, couples_batch
from ssldsl.passes.gradients import nodes_with_gradient
from ssldsl.passes.merging import merge_calls
from ssldsl.passes.slicing import grad_modules_of, join_rows, tensor
from ssldsl.types import Dim


def forward_policy(graph: Graph, context: PassContext) -> Graph:
    """Under `forward = concat`, networks that couple the rows of a batch see all their batches as one.

    That is what the experiment says and no optimization: the statistics of a batch are those of all rows together.
    Forwards become one whose inputs have the same shape and the same depth, counted in such forwards.
    """
    if graph.forward != "concat":
        return graph
    return _merge(graph, lambda node: couples_batch(node.inputs[0]), lambda node: None)


def merge_forwards(graph: Graph, context: PassContext) -> Graph:
    """Networks that keep the rows of a batch apart run once for all inputs of one shape: the values are the same.

    `f(a)`, `f(b)` become rows of `f(concat(a, b))`. Forwards that nothing differentiates through stay apart from those
    that are recorded, or their rows would be differentiated for nothing. Networks that an op calls are left to it.
    A network that drops units does so for every row by itself: other numbers come out, and equally likely ones.
    """
    recorded = nodes_with_gradient(graph)

    def may_merge(node: Node) -> bool:
        return not couples_batch(node.inputs[0]) and not context.draws_by_sample(node.inputs[0])

    return _merge(graph, may_merge, lambda node: node in recorded)


def _merge(graph: Graph, may_merge: Callable[[Node], bool], mark: Callable[[Node], Hashable]) -> Graph:
    """Forwards of one network over inputs of one shape, with one mark, are one."""

    def kind_of(node: Node) -> Hashable:
        if node.op != "apply" or node not in graph.trained_nodes or not _is_of_batch(node) or not may_merge(node):
            return None
        net, *values = node.inputs
        shapes = tuple(with_rows(tensor(value), Dim.of(0)) for value in values)
        return net, shapes, node.params, mark(node)

    return merge_calls(graph, kind_of, _forward)


def _is_of_batch(forward: Node) -> bool:
    """Whether a forward is over rows of which a process has its share: only those are cut out of what all share."""
    return all(tensor(value).is_of_batch for value in forward.inputs[1:])


def _forward(build: GraphBuilder, members: list[Node]) -> Node:
    """One forward over the rows of all."""
    first = members[0]
    net = build.became[first.inputs[0]]
    columns = zip(*(node.inputs[1:] for node in members), strict=True)
    values = [join_rows(build, first, [build.became[value] for value in column]) for column in columns]
    type_ = with_rows(tensor(first), rows_of(joined([tensor(node) for node in members])))
    grad_modules = grad_modules_of([net, *values]) if first.grad_modules else first.grad_modules
    return build.like(first, (net, *values), type=type_, grad_modules=grad_modules, alias="")

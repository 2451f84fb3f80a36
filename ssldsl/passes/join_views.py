"""Calls each view once for all batches that it changes alike."""

from collections.abc import Hashable

from ssldsl.graph.dump import setting_text
from ssldsl.graph.graph import Graph, GraphBuilder
from ssldsl.ir.nodes import Node
from ssldsl.ir.primitives.draws import draws_of
from ssldsl.ir.shapes import joined, rows_of, with_rows
from ssldsl.passes.context import PassContext
from ssldsl.passes.gradients import nodes_with_gradient
from ssldsl.passes.merging import merge_calls
from ssldsl.passes.placement import placement
from ssldsl.passes.slicing import grad_modules_of, join_rows, tensor
from ssldsl.types import Dim, TensorType


def join_views(graph: Graph, context: PassContext) -> Graph:
    """Views with equal settings over images of one shape, at one depth, are one call over the rows of all.

    `draw(2, crop(x))` is half of `crop` of x below x. A row becomes what it would become alone: every draw keeps its
    numbers, and views do not see what stands beside a row, because processes share the rows of a batch; those that must
    (`across="gather"`) stay apart. So do views that workers make of single samples, and those that a gradient goes
    through, or it would go through all.
    """
    places = placement(graph, context).places
    recorded = nodes_with_gradient(graph)

    def kind_of(node: Node) -> Hashable:
        if places[node] != "step" or not _keeps_rows_apart(node, context):
            return None
        settings = tuple((name, setting_text(value)) for name, value in node.settings)
        shapes = tuple(with_rows(tensor(value), Dim.of(0)) for value in node.inputs)
        return node.op, settings, node.params, shapes, node in recorded

    return merge_calls(graph, kind_of, _call)


def _keeps_rows_apart(node: Node, context: PassContext) -> bool:
    """Whether a node is a view that gives a row of one tensor for every row of those that it reads."""
    signature = context.signatures.get(node.op)
    if signature is None or signature.role != "views" or signature.gathers:
        return False
    return bool(node.inputs) and all(_is_batch(value) for value in (node, *node.inputs))


def _is_batch(value: Node) -> bool:
    return isinstance(value.type, TensorType) and value.type.is_of_batch


def _call(build: GraphBuilder, members: list[Node]) -> Node:
    """One call of a view over the rows of all."""
    first = members[0]
    columns = zip(*(node.inputs for node in members), strict=True)
    values = tuple(join_rows(build, first, [build.became[value] for value in column]) for column in columns)
    type_ = with_rows(tensor(first), rows_of(joined([tensor(node) for node in members])))
    grad_modules = grad_modules_of(values) if first.grad_modules else first.grad_modules
    rows = _draws(build, members)
    return build.like(first, values, type=type_, grad_modules=grad_modules, alias="", rows=rows)


def _draws(build: GraphBuilder, members: list[Node]) -> Node | None:
    """The rows of all draws with their names; nothing for views without chance."""
    made = [draw for member in members for draw in draws_of(member)]
    if not made:
        return None
    names, rows = tuple(name for name, _ in made), tuple(build.became[rows] for _, rows in made)
    type_ = joined([tensor(node) for node in rows])
    return build.like(
        rows[0], rows, op="draws", params=("rows",) * len(rows), settings=(("names", names),), type=type_,
        spans=members[0].spans, alias="",
    )  # fmt: skip

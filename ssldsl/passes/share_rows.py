"""Takes rows that a network computes anyway instead of computing them again."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from ssldsl.graph.graph import Graph, GraphBuilder, rewrite
from ssldsl.ir.nodes import Node
from ssldsl.ir.shapes import rows_of
from ssldsl.passes.context import PassContext, couples_batch, takes_several
from ssldsl.passes.gradients import nodes_with_gradient
from ssldsl.passes.slicing import again, take_rows, tensor
from ssldsl.types import Dim, TensorType, TupleType


@frozen
class _Every:
    """A value is every `step`-th row of another."""

    of: Node
    step: int


def share_rows(graph: Graph, context: PassContext) -> Graph:
    """No network runs on rows that are among the rows it runs on elsewhere in the stage.

    The first of the four copies that a rotation makes is the image itself, so `f(x)` is every fourth row of
    `f(rotate4(x))`. That holds for networks that keep rows apart, also those of one sample, and draw no random
    numbers. A forward that is differentiated is not replaced by rows of one that is not.
    """
    found = _shared(graph, context)
    plain_needs = graph.network.predecessors

    def needs_of(node: Node) -> Iterable[Node]:
        return (found[node].of,) if node in found else plain_needs(node)

    def rule(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
        if node not in found:
            return again(build, node, inputs) if node.op == "output" else build.like(node, inputs)
        whole = build.became[found[node].of]
        return take_rows(build, node, whole, Dim.of(0), rows_of(tensor(whole)), found[node].step)

    return rewrite(graph, rule, needs_of) if found else graph


def _shared(graph: Graph, context: PassContext) -> dict[Node, _Every]:
    """For every forward that is not needed, where its rows are found."""
    recorded = nodes_with_gradient(graph)
    trained = graph.trained_nodes
    forwards = {n.inputs: n for n in graph.nodes if n.op == "apply" and n in trained and len(n.inputs) == 2}
    among = _first_copies(graph, context)
    shared: dict[Node, _Every] = {}
    for inputs, node in forwards.items():
        net, value = inputs
        if couples_batch(net) or takes_several(net) or context.is_random(net):
            continue
        for every in among.get(value, []):
            whole = forwards.get((net, every.of))
            if whole is not None and (whole in recorded or node not in recorded):
                shared[node] = _Every(whole, every.step)
                among.setdefault(node, []).append(shared[node])
                break
    return shared


def _first_copies(graph: Graph, context: PassContext) -> dict[Node, list[_Every]]:
    """For the input of every view that keeps it as its first copy, where it stands in the result."""
    among: dict[Node, list[_Every]] = {}
    fields: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        if node.op == "field":
            fields.setdefault(node.inputs[0], []).append(node)
    for node in graph.nodes:
        signature = context.signatures.get(node.op)
        if signature is None or not signature.traits.first_copy_is_input or len(node.inputs) != 1:
            continue
        value = node.inputs[0]
        for result in _results(node, fields.get(node, [])):
            times = _times(tensor(value), tensor(result))
            if times is not None:
                among.setdefault(value, []).append(_Every(result, times))
    return among


def _results(view: Node, fields: list[Node]) -> Iterator[Node]:
    """The tensor of copies that a view gives: its result, or the first field of it."""
    if isinstance(view.type, TensorType):
        yield view
    elif isinstance(view.type, TupleType):
        first = view.type.fields[0][0]
        yield from (field for field in fields if field.setting("name") == first)


def _times(one: TensorType, several: TensorType) -> int | None:
    """How many rows of `several` there are for one of `one`."""
    if not one.dims[0].terms or one.dims[1:] != several.dims[1:]:
        return None
    times = several.dims[0].terms[0][1] // one.dims[0].terms[0][1]
    return times if several.dims[0].divided(times) == one.dims[0] else None

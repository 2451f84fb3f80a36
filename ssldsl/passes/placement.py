"""Says where each node is computed."""

from attrs import evolve

from ssldsl.errors import InternalError
from ssldsl.graph.graph import Graph, Placement
from ssldsl.ir.nodes import Node
from ssldsl.passes.context import PassContext
from ssldsl.types import TensorType, TupleType, Type, is_data


def placement(graph: Graph, context: PassContext) -> Graph:
    """Data is `data`, what evaluations alone read is `evaluation`, the rest `step`, but for the start of some streams.

    Samples of a stream that is read from files may differ in size, so its views run in workers (`host`), one sample at
    a time, up to and including the first that gives all one size. Streams in memory have all their views in the step.
    """
    places: dict[Node, Placement] = {}
    resident: dict[Node, bool] = {}
    for node in graph.nodes:
        if is_data(node.type):
            resident[node] = _is_resident(node, resident, context)
            places[node] = "data"
        elif node not in graph.step_nodes:
            places[node] = "evaluation"
        else:
            places[node] = "host" if _is_host(node, places, resident, context) else "step"
    return evolve(graph, places=places)


def _is_resident(node: Node, resident: dict[Node, bool], context: PassContext) -> bool:
    if node.op == "source":
        return context.resident is None or str(node.setting("op")) in context.resident
    return all(resident[n] for n in node.inputs if n in resident)


def _is_host(node: Node, places: dict[Node, Placement], resident: dict[Node, bool], context: PassContext) -> bool:
    if node.op == "draw":
        return not resident[node.inputs[0]] and _is_sample(node.type)
    before = [n for n in node.inputs if places[n] == "host" and (node.op == "field" or _is_open(n.type))]
    if not before:
        return False
    signature = context.signatures.get(node.op)
    if node.op != "field" and (signature is None or signature.role != "views"):
        raise InternalError(f"{node!r} reads {before[0]!r}, whose samples have no common size ({before[0].type})")
    return True


def _is_sample(type_: Type) -> bool:
    return isinstance(type_, TensorType) and type_.kind in ("Images", "Vectors")


def _is_open(type_: Type) -> bool:
    """Whether samples may still differ in size."""
    if isinstance(type_, TupleType):
        return any(_is_open(t) for _, t in type_.fields)
    return isinstance(type_, TensorType) and any(d.value is None for d in type_.dims[1:])

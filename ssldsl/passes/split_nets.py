"""Applies one module at a time, so that what networks have in common can be seen."""

from ssldsl.graph.graph import Builder, Graph, rewrite
from ssldsl.graph.shapes import applied
from ssldsl.ir.nodes import Node
from ssldsl.passes.context import Context
from ssldsl.types import NetType, TensorType


def split_nets(graph: Graph, context: Context) -> Graph:
    """No `apply` has a composition: `apply(f >> g, x)` is `apply(g, apply(f, x))`, so two heads share `apply(f, x)`."""
    return rewrite(graph, _split)


def _split(node: Node, inputs: tuple[Node, ...], build: Builder) -> Node:
    if node.op != "apply" or inputs[0].op != "compose":
        return build.like(node, inputs)
    *first, last = _parts(inputs[0])
    value = inputs[1]
    for net in first:
        assert isinstance(net.type, NetType) and isinstance(value.type, TensorType)
        live = net.live | value.live if net.live else net.live
        value = build.like(node, (net, value), type=applied(net.type, value.type), live=live, alias="")
    return build.like(node, (last, value))


def _parts(net: Node) -> list[Node]:
    """The modules of a composition, also where it is one of compositions."""
    return [net] if net.op == "net" else [part for inner in net.inputs for part in _parts(inner)]

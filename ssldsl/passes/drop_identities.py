"""Leaves out calls that change nothing."""

from ssldsl.graph.graph import Graph, GraphBuilder, rewrite
from ssldsl.ir.nodes import Node
from ssldsl.passes.context import PassContext


def drop_identities(graph: Graph, context: PassContext) -> Graph:
    """No op runs that gives what it is given, such as a blur with probability 0: its op says which settings do that.

    Draws have their names from the spec, so what is left out takes no number from another.
    """

    def rule(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
        signature = context.signatures.get(node.op)
        is_idle = signature is not None and signature.is_identity(dict(node.settings))
        return inputs[0] if is_idle else build.like(node, inputs)

    return rewrite(graph, rule)

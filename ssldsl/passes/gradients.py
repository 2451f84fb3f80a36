"""Which nodes of a training step something differentiates through."""

from ssldsl.graph.graph import Graph, ancestors
from ssldsl.ir.modules import is_trained
from ssldsl.ir.nodes import Node


def nodes_with_gradient(graph: Graph) -> frozenset[Node]:
    """The nodes whose value depends on a trained parameter, and on whose value a term depends with gradient."""
    modules = frozenset[str]().union(*(node.grad_modules for node in graph.trained_nodes if node.op == "net"))
    trained = {path for path in modules if is_trained(path, graph.train)}
    trained_part = graph.only("input").subgraph(
        node for node in graph.nodes if not trained.isdisjoint(node.grad_modules)
    )
    return ancestors(trained_part, (term.node for term in graph.terms if term.node in trained_part))

"""Which nodes of a training step something differentiates through."""

from ssldsl.check.nodes import Node
from ssldsl.graph.graph import Graph


def nodes_with_gradient(graph: Graph) -> frozenset[Node]:
    """The nodes whose value depends on a trained parameter, and on whose value a term depends with gradient."""
    wanted: dict[Node, None] = {}
    moving = {node for node in graph.trained_nodes if reaches(node, graph.train)}
    roots = [term.node for term in graph.terms if term.node in moving]
    while roots:
        node = roots.pop()
        if node not in wanted:
            wanted[node] = None
            roots += [value for value in node.inputs if value in moving]
    return frozenset(wanted)


def reaches(node: Node, train: tuple[str, ...]) -> bool:
    """Whether the gradient of a value reaches a module, or a part of a module, that the stage trains."""
    return any(overlap(path, trained) for path in node.live for trained in train)


def overlap(path: str, trained: str) -> bool:
    """`encoder` and `encoder.layer4`, either way round, or the same."""
    return path == trained or path.startswith(f"{trained}.") or trained.startswith(f"{path}.")

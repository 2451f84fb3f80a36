"""Ways through the graph: every function here goes from nodes to their inputs."""

from collections.abc import Iterable

from ssldsl.ir.nodes import Node


def ancestors(roots: Iterable[Node]) -> list[Node]:
    """Every node the roots depend on, themselves included, inputs before users."""
    seen: dict[int, Node] = {}
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, done = stack.pop()
        if done:
            seen[node.id] = node
        elif node.id not in seen:
            stack.append((node, True))
            stack.extend((i, False) for i in reversed(node.inputs) if i.id not in seen)
    return list(seen.values())


def networks(nodes: Iterable[Node]) -> set[str]:
    """The modules that run with their present weights, and not with those that an earlier stage left."""
    return {str(n.setting("name")) for n in nodes if n.op == "net" and n.setting("stage") is None}


def origins(roots: Iterable[Node]) -> tuple[tuple[str, bool], ...]:
    """The stages whose networks some nodes are computed by, each with whether its averaged weights are meant."""
    found: dict[tuple[str, bool], None] = {}
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop(0)
        if node.id not in seen:
            seen.add(node.id)
            waiting += node.inputs
            if node.op == "net" and node.setting("stage") is not None:
                found[str(node.setting("stage")), bool(node.setting("average"))] = None
    return tuple(found)

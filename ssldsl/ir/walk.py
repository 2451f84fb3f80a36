"""Ways through a graph, from users to inputs: the only file that walks by hand.

The checker walks here because networkx takes longer to import than a spec to check; `ssldsl.graph` has networkx.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from ssldsl.errors import InternalError
from ssldsl.ir.nodes import Node, step_inputs
from ssldsl.ir.primitives import OF_STAGES

N = TypeVar("N", bound=Hashable)


def walk(roots: Iterable[N], inputs_of: Callable[[N], Sequence[N]]) -> list[N]:
    """The roots and all that they depend on, each once, inputs before users, first inputs first. No circles."""
    done: dict[N, None] = {}
    begun: set[N] = set()
    for root in roots:
        stack = [root]
        while stack:
            node = stack.pop()
            if node in begun:  # met again above all that it depends on
                done[node] = None
            elif node not in done:
                begun.add(node)
                inputs = [value for value in reversed(inputs_of(node)) if value not in done]
                if not begun.isdisjoint(inputs):
                    raise InternalError(f"the graph has a circle through {node!r}")
                stack += [node, *inputs]
    return list(done)


def leaves(root: N, inputs_of: Callable[[N], Sequence[N]]) -> list[N]:
    """What has no inputs below a root, in order, and again wherever it is met again."""
    inputs = inputs_of(root)
    return [leaf for value in inputs for leaf in leaves(value, inputs_of)] if inputs else [root]


def sources(root: N, inputs_of: Callable[[N], Sequence[N]]) -> list[N]:
    """What has no inputs below a root, in order, each once."""
    return [value for value in walk([root], inputs_of) if not inputs_of(value)]


def ancestors(roots: Iterable[Node]) -> list[Node]:
    """Every node the roots depend on, themselves included, inputs before users."""
    return walk(roots, lambda node: node.inputs)


def in_a_step(roots: Iterable[Node]) -> list[Node]:
    """Every node that a step computes or draws from: not what data were computed from before it."""
    return walk(roots, step_inputs)


def networks(nodes: Iterable[Node]) -> set[str]:
    """The modules that run with their present weights, and not with those that an earlier stage left."""
    return {str(n.setting("name")) for n in nodes if n.op == "net" and n.setting("stage") is None}


def origins(roots: Iterable[Node]) -> tuple[tuple[str, bool], ...]:
    """The stages that left what some nodes are computed by, each with whether its averaged weights are meant."""
    left = (n for n in ancestors(roots) if n.op in OF_STAGES and n.setting("stage") is not None)
    return tuple(dict.fromkeys((str(n.setting("stage")), bool(n.setting("average"))) for n in left))

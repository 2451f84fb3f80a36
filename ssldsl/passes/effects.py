"""Fixes the order in which forwards move running statistics."""

from collections.abc import Callable, Collection

from attrs import evolve

from ssldsl.graph.graph import Graph, ancestors, in_order
from ssldsl.graph.updates import in_order_of_updates
from ssldsl.ir.modules import moved_by, rested_by
from ssldsl.ir.nodes import Node
from ssldsl.passes.context import PassContext


def effects(graph: Graph, context: PassContext) -> Graph:
    """For every module that couples the rows of a batch, the nodes that run it are a chain in the order of the spec.

    Batch normalization keeps running averages: the last batch counts most, and another order is another experiment.
    What runs a module at rest reads them as they stand when the step begins, and so comes first, unless it is computed
    of what moves them. Of several updates in a step, each has its own beginning. Later passes may add, merge and drop
    nodes; the chain holds whatever they do.
    """
    moving = _users(graph, graph.trained_nodes, moved_by)
    resting = _users(graph, graph.step_nodes, rested_by)
    chains = [(*_early(graph, resting.get(path, []), nodes), *nodes) for path, nodes in moving.items()]
    made = evolve(graph, effects=tuple(in_order_of_updates(chain, graph.computed_in) for chain in chains))
    return evolve(made, nodes=in_order(made.nodes, made.network.predecessors)) if resting else made


def _users(graph: Graph, among: Collection[Node], paths_by: Callable[[Node], tuple[str, ...]]) -> dict[str, list[Node]]:
    """The nodes that run each module, in order."""
    found: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for path in paths_by(node) if node in among else ():
            found.setdefault(path, []).append(node)
    return found


def _early(graph: Graph, resting: list[Node], moving: list[Node]) -> list[Node]:
    """What can run before the statistics are moved."""
    step = graph.only("input", "rows")
    return [node for node in resting if ancestors(step, [node]).isdisjoint(moving)]

"""Fixes the order in which forwards move running statistics."""

from attrs import evolve

from ssldsl.graph.graph import Graph
from ssldsl.ir.modules import parts, paths_of
from ssldsl.ir.nodes import Node
from ssldsl.passes.context import Context, couples_batch, nets_of


def effects(graph: Graph, context: Context) -> Graph:
    """For every module that couples the rows of a batch, the nodes that run it are a chain in the order of the spec.

    Batch normalization keeps running averages: the last batch counts most, and another order is another experiment.
    Later passes may add, merge and drop nodes; the chain holds whatever they do.
    """
    chains: dict[str, list[Node]] = {}
    for node in graph.nodes:
        if node in graph.trained_nodes:
            for path in moved_by(node):
                chains.setdefault(path, []).append(node)
    return evolve(graph, effects=tuple(tuple(chain) for chain in chains.values()))


def moved_by(node: Node) -> tuple[str, ...]:
    """The modules whose running statistics a node may move."""
    moving = [part for net in nets_of(node) for part in parts(net) if couples_batch(part)]
    return tuple(dict.fromkeys(path for part in moving for path in paths_of(part)))

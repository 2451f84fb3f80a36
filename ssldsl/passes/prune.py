"""Leaves out what nobody reads."""

from attrs import evolve

from ssldsl.graph.graph import Graph, ancestors, in_order
from ssldsl.passes.context import PassContext


def prune(graph: Graph, context: PassContext) -> Graph:
    """Every node is needed by a term or an evaluation; the order is the one in which these first need them."""
    needed = ancestors(graph.only("input", "origin", "rows"), graph.roots)
    chains = (tuple(n for n in chain if n in needed) for chain in graph.effects)
    kept = evolve(
        graph,
        nodes=tuple(node for node in graph.nodes if node in needed),
        effects=tuple(chain for chain in chains if chain),
        no_grad=graph.no_grad & needed,
        places={node: place for node, place in graph.places.items() if node in needed},
    )
    return evolve(kept, nodes=in_order([*kept.roots, *kept.nodes], kept.network.predecessors))

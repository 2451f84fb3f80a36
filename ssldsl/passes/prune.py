"""Leaves out what nobody reads."""

from attrs import evolve

from ssldsl.graph.graph import Graph, needs, needs_with_effects, ordered
from ssldsl.passes.context import Context


def prune(graph: Graph, context: Context) -> Graph:
    """Every node is needed by a term or an evaluation; the order is the one in which these first need them."""
    needed = set(ordered(graph.roots, needs))
    chains = (tuple(n for n in chain if n in needed) for chain in graph.effects)
    kept = evolve(
        graph,
        effects=tuple(chain for chain in chains if chain),
        no_grad=graph.no_grad & needed,
        places={node: place for node, place in graph.places.items() if node in needed},
    )
    return evolve(kept, nodes=ordered(graph.roots, needs_with_effects(kept)))

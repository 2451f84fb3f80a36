"""Finds what needs no gradient, so that it runs without being recorded."""

from attrs import evolve

from ssldsl.graph.graph import Graph
from ssldsl.passes.context import Context
from ssldsl.passes.gradients import nodes_with_gradient


def no_grad(graph: Graph, context: Context) -> Graph:
    """A node is marked if no trained parameter reaches it, or if no term differentiates through it (behind a `stop`)."""
    return evolve(graph, no_grad=frozenset(graph.nodes) - nodes_with_gradient(graph))

"""Finds what needs no gradient, so that it runs without being recorded."""

from attrs import evolve

from ssldsl.graph.graph import Graph
from ssldsl.passes.context import PassContext
from ssldsl.passes.gradients import nodes_with_gradient


def no_grad(graph: Graph, context: PassContext) -> Graph:
    """Nodes are marked that no trained parameter reaches, or through which no term differentiates (before a `stop`)."""
    return evolve(graph, no_grad=frozenset(graph.nodes) - nodes_with_gradient(graph))

"""The graph of a stage: its nodes, their order, and the graph of all stages."""

import networkx as nx
import pytest
from stage_programs import Draft, program, s4l, stage

from ssldsl.errors import InternalError
from ssldsl.graph.dump import dump
from ssldsl.graph.graph import needs, ordered, rewrite, stage_graph, stages_graph
from ssldsl.ir.nodes import Constant, Interner
from ssldsl.ir.program import InitFrom
from ssldsl.types import TensorType


def test_every_node_stands_after_what_it_needs() -> None:
    made = s4l()
    graph = stage_graph(made, made.stages[0])
    position = {node: i for i, node in enumerate(graph.nodes)}
    assert all(position[value] < position[node] for node in graph.nodes for value in needs(node))


def test_nodes_follow_the_terms_of_the_spec() -> None:
    made = s4l()
    graph = stage_graph(made, made.stages[0])
    position = {node: i for i, node in enumerate(graph.nodes)}
    assert [position[root] for root in graph.roots] == sorted(position[root] for root in graph.roots)


def test_equal_parts_are_one_node() -> None:
    made = s4l()
    graph = stage_graph(made, made.stages[0])
    # of labeled, rotated labeled, rotated unlabeled, unlabeled; the evaluation's is the fifth
    encoder = next(n for n in graph.nodes if n.op == "net" and n.alias == "encoder")
    assert sum(n.op == "apply" and n.inputs[0] is encoder for n in graph.nodes) == 4 + 1


def test_only_random_nodes_have_rows() -> None:
    made = s4l()
    graph = stage_graph(made, made.stages[0])
    assert {node.op for node in graph.nodes if node.rows is not None} == {"shift", "virtual_adversarial"}


def test_networkx_sees_the_same_graph() -> None:
    made = s4l()
    graph = stage_graph(made, made.stages[0])
    assert nx.is_directed_acyclic_graph(graph.network)
    assert graph.network.number_of_edges() == sum(len(needs(node)) for node in graph.nodes)


def test_rebuilding_with_a_rule_that_changes_nothing_gives_the_same_graph() -> None:
    made = s4l()
    graph = stage_graph(made, made.stages[0])
    assert dump(rewrite(graph, lambda node, inputs, build: build.like(node, inputs))) == dump(graph)


def test_the_same_program_always_has_the_same_text() -> None:
    texts = {dump(stage_graph(made, made.stages[0])) for made in (s4l(), s4l())}
    assert len(texts) == 1


def test_long_chains_are_no_trouble() -> None:
    interner = Interner()
    node = interner.node("net", type=TensorType("Scalar"))
    for _ in range(20_000):
        node = interner.node("stop", (node,), type=TensorType("Scalar"))
    assert len(ordered([node], needs)) == 20_001


def test_a_circle_is_refused() -> None:
    interner = Interner()
    a, b = (interner.node("net", type=TensorType("Scalar"), settings=(("name", n),)) for n in "ab")
    with pytest.raises(InternalError, match="circle"):
        ordered([a], lambda node: (b,) if node is a else (a,))


def test_stages_are_joined_by_order_and_by_weights() -> None:
    draft = Draft()
    terms = {"ce": (Constant(1.0), draft.ce())}
    first = stage(terms, name="first")
    second = stage(terms, name="second", after=("first",), init=(InitFrom(("encoder",), "first"),))
    edges = stages_graph(program(draft, first, second)).edges(data="kind")
    assert sorted(edges) == [("first", "second", "after"), ("first", "second", "init")]

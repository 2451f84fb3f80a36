"""The graph of a stage: its nodes, their order, and the graph of all stages."""

import networkx as nx
import pytest
from programs import S4L, graph, program, shipped

from ssldsl.errors import InternalError
from ssldsl.graph.dump import dump
from ssldsl.graph.graph import in_order, needs, rewrite
from ssldsl.graph.stages import in_order as stages_in_order
from ssldsl.graph.stages import stages_graph
from ssldsl.ir.nodes import Interner
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.data.measure import assumed
from ssldsl.types import TensorType


def test_every_node_stands_after_what_it_needs() -> None:
    whole = graph(program(S4L))
    position = {node: i for i, node in enumerate(whole.nodes)}
    assert all(position[value] < position[node] for node in whole.nodes for value in needs(node))


def test_nodes_follow_the_terms_of_the_spec() -> None:
    whole = graph(program(S4L))
    position = {node: i for i, node in enumerate(whole.nodes)}
    assert [position[root] for root in whole.roots] == sorted(position[root] for root in whole.roots)


def test_equal_parts_are_one_node() -> None:
    whole = graph(program(S4L))
    # of labeled, rotated labeled, rotated unlabeled, unlabeled; the evaluation's is the fifth
    encoder = next(n for n in whole.nodes if n.op == "net" and n.alias == "encoder")
    assert sum(n.op == "apply" and n.inputs[0] is encoder for n in whole.nodes) == 4 + 1


def test_only_random_nodes_have_rows() -> None:
    whole = graph(program(S4L))
    assert {node.op for node in whole.nodes if node.rows is not None} == {"random_shift", "virtual_adversarial"}


def test_networkx_sees_the_same_graph() -> None:
    whole = graph(program(S4L))
    assert nx.is_directed_acyclic_graph(whole.network)
    assert whole.network.number_of_edges() == sum(len(needs(node)) for node in whole.nodes)


def test_rebuilding_with_a_rule_that_changes_nothing_gives_the_same_graph() -> None:
    whole = graph(program(S4L))
    assert dump(rewrite(whole, lambda node, inputs, build: build.like(node, inputs))) == dump(whole)


def test_the_same_program_always_has_the_same_text() -> None:
    texts = {dump(graph(program(S4L))) for _ in range(2)}
    assert len(texts) == 1


def test_long_chains_are_no_trouble() -> None:
    interner = Interner()
    node = interner.node("net", type=TensorType("Scalar"))
    chain = [node]
    for _ in range(20_000):
        chain.append(interner.node("stop", (chain[-1],), type=TensorType("Scalar")))
    assert in_order(chain[::-1], needs) == tuple(chain)


def test_a_circle_is_refused() -> None:
    interner = Interner()
    a, b = (interner.node("net", type=TensorType("Scalar"), settings=(("name", n),)) for n in "ab")
    with pytest.raises(InternalError, match="circle"):
        in_order([a, b], lambda node: (b,) if node is a else (a,))


def test_the_step_knows_nothing_of_what_its_data_were_computed_from() -> None:
    whole = graph(shipped("s4l_moam_imagenet"), stage=1)
    kinds = {kind for _, _, kind in whole.network.edges(data="kind")}
    assert kinds == {"input", "rows", "origin"}
    assert not any(node.setting("stage") for node in whole.trained_nodes if node.op == "net")


def test_stages_are_joined_by_order_and_by_weights() -> None:
    made = program(
        """
        ssl 1
        data   images  = digits()
        stream labeled = images.train.subset(100, seed=0)
        net    encoder = convnet(width=8)
        head   classes = linear(encoder.dim, images.classes)
        stage first {
          loss = ce(labeled)
          run  = 2it
        }
        stage second after first {
          init encoder from first
          loss = ce(labeled)
          run  = 2it
        }
        """
    )
    edges = stages_graph(make_plan(made, sizes={})).edges(data="kind")
    assert sorted(edges) == [("first", "second", "after"), ("first", "second", "init")]


def test_stages_run_behind_those_they_need_and_else_as_they_are_written() -> None:
    plan = make_plan(made := shipped("s4l_moam_imagenet"), sizes=assumed(made).sizes)
    backwards = plan.model_copy(update={"stages": plan.stages[::-1]})
    assert [s.name for s in stages_in_order(backwards)] == [s.name for s in stages_in_order(plan)]

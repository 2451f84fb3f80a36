"""The passes cost time in proportion to the graph."""

from collections.abc import Callable
from cProfile import Profile

import pytest
from programs import context, graph, with_loss

from ssldsl.graph.graph import Graph, GraphBuilder, rewrite
from ssldsl.ir.nodes import Node
from ssldsl.passes import PassContext, forwards, run_passes


def wide(count: int) -> tuple[Graph, PassContext]:
    """As many heads as asked for on one encoder, each with two terms."""
    heads = "\n".join(f"head h{i} = linear(encoder.dim, 10)" for i in range(count))
    streams = ("labeled", "unlabeled")
    losses = [f"entropy(h{i}(encoder({stream}))) as {stream}{i}" for i in range(count) for stream in streams]
    made = with_loss(" + ".join(losses), heads)
    return graph(made), context(made)


def deep(count: int) -> tuple[Graph, PassContext]:
    """A chain of as many networks as asked for."""
    made = with_loss("entropy(classes(link(encoder(labeled))))", "net link = mlp_head(128, hidden=[8], out=128)")

    def chained(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
        value = build.like(node, inputs)
        if node.op == "apply" and inputs[0].alias == "link":
            for _ in range(count - 1):
                value = build.like(node, (inputs[0], value))
        return value

    return rewrite(graph(made), chained), context(made)


def calls(make: Callable[[int], tuple[Graph, PassContext]], count: int) -> int:
    """Function calls that the passes make: the same on every machine."""
    whole, known = make(count)
    profile = Profile()
    profile.runcall(run_passes, whole, known)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("make", [wide, deep])
def test_twice_the_graph_is_twice_the_work(make: Callable[[int], tuple[Graph, PassContext]]) -> None:
    assert calls(make, 80) == pytest.approx(2 * calls(make, 40), rel=0.1)


def test_forwards_of_a_wide_graph_are_merged_all_the_same() -> None:
    whole, known = wide(50)
    assert set(forwards(run_passes(whole, known), known.signatures).values()) == {1}


def test_a_very_deep_graph_is_no_trouble() -> None:
    run_passes(*deep(1100), level=0)  # deeper than Python's own stack

"""The verifier: every broken invariant is found, with the pass and the node."""

from collections.abc import Callable

import pytest
from attrs import evolve
from programs import S4L, program
from programs import graph as graph_of

from ssldsl.errors import InternalError
from ssldsl.graph.graph import Graph
from ssldsl.graph.verify import verify
from ssldsl.ir.nodes import Node
from ssldsl.types import TensorType

MADE = program(S4L, 'encoder.norm="batch"', "forward=concat")
SIGNATURES = MADE.signatures


def graph() -> Graph:
    return graph_of(MADE)


def broken(change: Callable[[Node], Node | None], op: str) -> Graph:
    """The graph with one node of this op replaced, and nothing that reads it told."""
    whole = graph()
    old = next(n for n in whole.nodes if n.op == op)
    new = change(old)
    return evolve(whole, nodes=tuple(new if n is old and new is not None else n for n in whole.nodes))


def lone(node: Node) -> Graph:
    return evolve(graph(), nodes=(*graph().nodes, node))


def test_a_sound_graph_is_accepted() -> None:
    verify(graph(), SIGNATURES)


def test_the_pass_and_the_stage_are_named() -> None:
    with pytest.raises(InternalError, match="stage `main` is broken after `some_pass`"):
        verify(evolve(graph(), nodes=()), SIGNATURES, "some_pass")


@pytest.mark.parametrize(
    ("change", "op", "message"),
    [
        (lambda n: evolve(n, op="unheard_of"), "entropy", "no such op"),
        (lambda n: evolve(n, type=None), "entropy", "no type"),
        (lambda n: evolve(n, inputs=n.inputs[:1]), "apply", "1 inputs"),
        (lambda n: evolve(n, inputs=n.inputs[:1], params=n.params[:1]), "cross_entropy", "`labels` is empty"),
        (lambda n: evolve(n, params=("logits", "logits")), "cross_entropy", "`logits` is filled 2 times"),
        (lambda n: evolve(n, params=("logits", "target")), "cross_entropy", "no edge `target`"),
        (lambda n: evolve(n, settings=(("sharpness", 1),)), "entropy", "no setting `sharpness`"),
        (lambda n: evolve(n, draw=""), "random_shift", "its draw has no name"),
        (lambda n: evolve(n, rows=None), "random_shift", "which samples its rows are"),
        (lambda n: evolve(n, draw="unlabeled/random_shift"), "random_shift", "is also that of"),
        (lambda n: evolve(n, type=TensorType("Features", (7, 128))), "apply", "its inputs make it"),
        (lambda n: evolve(n, type=TensorType("Labels", (7,))), "field", "its inputs make it"),
        (lambda n: evolve(n, inputs=n.inputs[::-1]), "apply", "not a network"),
    ],
)
def test_a_wrong_node_is_named(change: Callable[[Node], Node | None], op: str, message: str) -> None:
    with pytest.raises(InternalError, match=message):
        verify(broken(change, op), SIGNATURES)


def test_a_node_before_its_input_is_refused() -> None:
    with pytest.raises(InternalError, match="stands before"):
        verify(evolve(graph(), nodes=graph().nodes[::-1]), SIGNATURES)


def test_a_term_that_is_not_one_number_is_refused() -> None:
    whole = graph()
    logits = next(n for n in whole.nodes if n.op == "apply")
    wrong = evolve(whole, terms=(evolve(whole.terms[0], node=logits),))
    with pytest.raises(InternalError, match="`ce` is not a single number"):
        verify(wrong, SIGNATURES)


def test_a_term_without_gradient_is_refused() -> None:
    whole = graph()
    first = whole.terms[0]
    lost = evolve(first.node, grad_modules=frozenset())
    nodes = tuple(lost if node is first.node else node for node in whole.nodes)
    wrong = evolve(whole, nodes=nodes, terms=(evolve(first, node=lost),))
    with pytest.raises(InternalError, match="reaches nothing"):
        verify(wrong, SIGNATURES)


def test_effects_in_another_order_are_refused() -> None:
    whole = graph()
    applies = tuple(n for n in whole.nodes if n.op == "apply")
    with pytest.raises(InternalError, match="another order"):
        verify(evolve(whole, effects=(applies[::-1],)), SIGNATURES)


def test_a_concatenation_of_wrong_length_is_refused() -> None:
    images = next(n for n in graph().nodes if n.op == "random_shift")
    wrong = evolve(images, op="concat", inputs=(images, images), params=(), settings=(), draw="", rows=None)
    with pytest.raises(InternalError, match="its inputs make it"):
        verify(lone(wrong), SIGNATURES)

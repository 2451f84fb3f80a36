"""Graphs as text, and back."""

import pytest
from attrs import evolve
from dump_reader import parse_dump
from programs import S4L, program, with_loss
from programs import graph as graph_of

from ssldsl.errors import InternalError
from ssldsl.graph.dump import dump, scalar_text, setting_text
from ssldsl.graph.graph import Graph
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar, Setting
from ssldsl.types import Dim, NetType, TensorType

COSINE = Curve("cosine", (("to", 0.0),))


def graph(weight: Scalar | None = None, settings: tuple[tuple[str, Setting], ...] = ()) -> Graph:
    """The graph of one term, an entropy, with this weight and these settings."""
    whole = graph_of(with_loss("entropy(classes(encoder(labeled)))"))
    (term,) = whole.terms
    loss = evolve(term.node, settings=settings, alias='a "quoted" # name')
    nodes = tuple(loss if node is term.node else node for node in whole.nodes)
    return evolve(whole, nodes=nodes, terms=(evolve(term, node=loss, weight=weight or term.weight),))


def apply_line(whole: Graph) -> str:
    return next(line for line in dump(whole).splitlines() if "= apply(" in line)


def test_a_line_says_type_gradient_op_inputs_and_place() -> None:
    line, _ = apply_line(graph()).split("  # ")
    assert line == "%8: Features[B_labeled, 128] grad{encoder} = apply(net=%1, inputs=%7)"


def test_a_place_is_file_line_and_column_innermost_first() -> None:
    line = next(line for line in dump(graph_of(program(S4L))).splitlines() if "= entropy(" in line)
    inner, outer = line.split("  # ")[1].split(", ")
    column = S4L.splitlines()[7].index("entmin(unlabeled)") + 1
    assert inner.startswith("stdlib/methods/s4l.ssl:") and outer == f"specs/quick.ssl:8:{column}"


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 1, 1.0, -2, 1e-05, float("inf"), "text", 'quoted " # and\nmore', (), (1, (2.5, "x")),
        Duration(30, "ep"), Duration(2.5, "%"), Duration(500, "it"), Dim.of("B") * 4 + 2, Dim.of("B") * -1 + 3,
        Dim.of(0),
        (Duration(1, "ep"), Duration(2, "ep")),
        Constant(0.5), COSINE, Combined("-", Constant(1), COSINE),
    ],
)  # fmt: skip
def test_every_form_of_setting_reads_back_with_its_type(value: Setting) -> None:
    whole = parse_dump(dump(graph(settings=(("temperature", value),))))
    node: Node = whole.terms[0].node
    found = node.setting("temperature")
    assert (repr(found), type(found)) == (repr(value), type(value))


@pytest.mark.parametrize(
    ("weight", "text"),
    [
        (Constant(0.3), "0.3"),
        (Combined("*", Constant(0.3), COSINE), "(0.3 * cosine(to=0.0))"),
        (
            Combined(
                "then", Curve("linear_ramp", (("length", Duration(10, "ep")),)), Constant(1.0), Duration(10, "ep")
            ),
            "(linear_ramp(length=10ep) then after 10ep 1.0)",
        ),
        (Combined("/", Combined("-", COSINE, Constant(-1.5)), COSINE), "((cosine(to=0.0) - -1.5) / cosine(to=0.0))"),
    ],
)
def test_a_weight_is_a_formula_that_reads_back(weight: Scalar, text: str) -> None:
    assert scalar_text(weight) == text
    assert parse_dump(dump(graph(weight))).terms[0].weight == weight


def test_every_kind_of_type_reads_back() -> None:
    whole = graph_of(program(S4L, 'encoder.norm="batch"', "forward=concat"))
    source = TensorType("Images", ("batch", 3, Dim.of("height") * 2, "width"))
    net = next(n for n in whole.nodes if n.op == "net")
    typed = evolve(net, type=NetType(source, TensorType("Features", ("batch", 8)), True))
    lone = evolve(whole, nodes=(typed,), terms=(), evaluations=())
    for each in (whole, lone):
        read = parse_dump(dump(each))
        assert [n.type for n in read.nodes] == [n.type for n in each.nodes]


def test_what_passes_have_marked_reads_back() -> None:
    whole = graph()
    marked = evolve(
        whole, effects=(whole.nodes[8:10],), no_grad=frozenset(whole.nodes[:3]), places={whole.nodes[0]: "host"},
        notes=('a "note"',),
    )  # fmt: skip
    read = parse_dump(dump(marked))
    assert dump(read) == dump(marked)
    assert [read.nodes.index(n) for n in read.effects[0]] == [8, 9]


def test_a_broken_text_is_refused_with_its_line() -> None:
    lines = dump(graph()).splitlines()
    lines[3] = lines[3].replace("=", "~", 1)
    with pytest.raises(InternalError, match="line 4"):
        parse_dump("\n".join(lines))


def test_a_value_of_no_known_form_is_refused() -> None:
    with pytest.raises(InternalError, match="no known form"):
        setting_text(object())

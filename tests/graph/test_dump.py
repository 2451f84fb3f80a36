"""Graphs as text, and back."""

import pytest
from attrs import evolve
from stage_programs import Draft, program, s4l, span, stage

from ssldsl.errors import InternalError
from ssldsl.graph.dump import dump, scalar_text, setting_text
from ssldsl.graph.dump_reader import parse_dump
from ssldsl.graph.graph import Graph, stage_graph
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar, Setting
from ssldsl.types import Dim, NetType, TensorType

COSINE = Curve("cosine", (("to", 0.0),))


ONE = Constant(1.0)


def graph(weight: Scalar = ONE, settings: tuple[tuple[str, Setting], ...] = ()) -> Graph:
    draft = Draft()
    loss = draft.interner.node(
        "entropy", (draft.logits(draft.shifted("labeled")),), type=TensorType("Scalar"), live=frozenset({"encoder"}),
        params=("logits",), settings=settings, spans=(span("ce(labeled)"), span("loss =")), alias="a \"quoted\" # name",
    )  # fmt: skip
    made = program(draft, stage({"loss": (weight, loss)}))
    return stage_graph(made, made.stages[0])


def apply_line(whole: Graph) -> str:
    return next(line for line in dump(whole).splitlines() if "= apply(" in line)


def test_a_line_says_type_gradient_op_inputs_and_place() -> None:
    assert apply_line(graph()) == "%8: Features[B_labeled, 128] live{encoder} = apply(net=%1, inputs=%7)"


def test_a_place_is_file_line_and_column_innermost_first() -> None:
    line = next(line for line in dump(graph()).splitlines() if "= entropy(" in line)
    assert line.endswith("  # hand.ssl:5:8, hand.ssl:5:1")


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
    made = s4l(coupled=True)
    whole = stage_graph(made, made.stages[0])
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

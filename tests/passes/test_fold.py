"""What can be computed before anything runs."""

import pytest
from small_graphs import context, graph_of
from stage_programs import COSINE, Draft, program, stage

from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar
from ssldsl.ir.program import Program
from ssldsl.passes import run_passes
from ssldsl.passes.fold import fold, folded_scalar

RAMP = Curve("linear_ramp", (("length", Duration(10, "ep")),))


def times(left: Scalar | float, right: Scalar | float) -> Scalar:
    return combined("*", left, right)


def combined(op: str, left: Scalar | float, right: Scalar | float) -> Scalar:
    a, b = (Constant(s) if isinstance(s, int | float) else s for s in (left, right))
    return Combined(op, a, b, Duration(5, "ep") if op == "then" else None)  # type: ignore[arg-type]  # one of the operators


@pytest.mark.parametrize(
    ("scalar", "simple"),
    [
        (times(2.0, times(0.5, COSINE)), COSINE),
        (times(times(0.25, COSINE), 2.0), times(0.5, COSINE)),
        (times(times(2.0, COSINE), times(3.0, RAMP)), times(6.0, times(COSINE, RAMP))),
        (combined("/", COSINE, 4.0), times(0.25, COSINE)),
        (combined("/", 3.0, COSINE), times(3.0, combined("/", 1.0, COSINE))),
        (combined("+", 1.0, 2.0), Constant(3.0)),
        (combined("-", 1.0, 2.0), Constant(-1.0)),
        (combined("+", 0.0, COSINE), COSINE),
        (combined("-", COSINE, 0.0), COSINE),
        (times(0.0, COSINE), Constant(0.0)),
        (times(1.0, COSINE), COSINE),
        (combined("then", 0.5, 0.5), Constant(0.5)),
        (combined("then", times(1.0, RAMP), times(2.0, 0.5)), combined("then", RAMP, 1.0)),
        (combined("+", COSINE, RAMP), combined("+", COSINE, RAMP)),
        (combined("/", COSINE, 0.0), combined("/", COSINE, 0.0)),
    ],
)
def test_constants_are_computed_and_nothing_else(scalar: Scalar, simple: Scalar) -> None:
    assert folded_scalar(scalar) == simple


def one_term(draft: Draft, node: Node) -> Program:
    return program(draft, stage({"term": (Constant(1.0), node)}))


def root(made: Program) -> Node:
    return fold(graph_of(made), context(made)).terms[0].node


def test_a_mean_of_one_is_that_one() -> None:
    draft = Draft()
    assert root(one_term(draft, draft.ce())).op == "cross_entropy"


def losses(draft: Draft, count: int) -> list[Node]:
    logits = draft.logits(draft.shifted("labeled"))
    return [draft.loss("entropy", logits=draft.apply(f"head{i}", logits)) for i in range(count)]


def test_a_mean_of_means_of_equally_many_is_one_mean() -> None:
    draft = Draft()
    a, b, c, d = losses(draft, 4)
    assert len(root(one_term(draft, draft.mean(draft.mean(a, b), draft.mean(c, d)))).inputs) == 4


def test_a_mean_of_means_of_different_numbers_stays() -> None:
    draft = Draft()
    a, b, c = losses(draft, 3)
    found = root(one_term(draft, draft.mean(draft.mean(a, b), c)))
    assert [n.op for n in found.inputs] == ["mean", "entropy"]


def test_a_sum_of_sums_is_one_sum() -> None:
    draft = Draft()
    a, b, c = losses(draft, 3)
    assert len(root(one_term(draft, draft.mean(draft.mean(a, b, op="sum"), c, op="sum"))).inputs) == 3


def test_a_constant_schedule_of_a_setting_is_a_number() -> None:
    draft = Draft()
    logits = draft.logits(draft.shifted("labeled"))
    node = draft.interner.node(
        "entropy", (logits,), type=draft.ce().type, params=("logits",), live=logits.live,
        settings=(("temperature", times(2.0, 0.25)),),
    )  # fmt: skip
    assert root(one_term(draft, node)).setting("temperature") == 0.5


def kept(made: Program) -> list[str]:
    return [term.name for term in run_passes(graph_of(made), context(made)).terms]


def weighted(draft: Draft, weight: float, **changed: object) -> Program:
    terms: dict[str, tuple[Scalar, Node]] = {
        "ce": (Constant(1.0), draft.ce()),
        "entmin": (Constant(weight), draft.entmin()),
    }
    return program(draft, stage(terms, **changed))


def test_a_term_of_weight_zero_is_left_out_with_a_note() -> None:
    made = weighted(Draft(), 0.0)
    graph = run_passes(graph_of(made), context(made))
    assert [term.name for term in graph.terms] == ["ce"]
    assert graph.notes == ("term `entmin` has weight 0 and is left out",)


def test_a_term_of_any_other_weight_stays() -> None:
    assert kept(weighted(Draft(), 1e-12)) == ["ce", "entmin"]


def test_a_term_whose_forward_moves_statistics_stays() -> None:
    assert kept(weighted(Draft(coupled=True), 0.0, forward="separate")) == ["ce", "entmin"]


def test_a_term_whose_forward_another_term_needs_is_left_out() -> None:
    # under `concat` the rows of the idle term stay in the one forward, and with them the statistics
    made = weighted(Draft(coupled=True), 0.0)
    assert kept(made) == ["ce"]


def test_a_term_that_alone_trains_a_head_stays_because_weights_decay() -> None:
    draft = Draft()
    terms: dict[str, tuple[Scalar, Node]] = {
        "ce": (Constant(1.0), draft.ce()),
        "rotation": (Constant(0.0), draft.rotation("labeled")),
    }
    assert kept(program(draft, stage(terms))) == ["ce", "rotation"]


def test_if_all_terms_weigh_zero_all_stay() -> None:
    draft = Draft()
    assert kept(program(draft, stage({"ce": (Constant(0.0), draft.ce())}))) == ["ce"]

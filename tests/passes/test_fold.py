"""What can be computed before anything runs."""

import pytest
from programs import context, graph, optimized, with_loss

from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar
from ssldsl.ir.program import Program
from ssldsl.passes.fold import fold, folded_scalar

COSINE = Curve("cosine", (("to", 0.0),))
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


HEADS = "".join(f"head {name} = linear(encoder.dim, 5)\n" for name in "abcd")
A, B, C, D = (f"entropy({name}(encoder(labeled)))" for name in "abcd")


def root(loss: str, more: str = HEADS) -> Node:
    """The value of the one term after folding."""
    made = with_loss(loss, more)
    return fold(graph(made), context(made)).terms[0].node


def test_a_mean_of_one_is_that_one() -> None:
    assert root(f"mean([{A}])").op == "row_mean"


def test_a_mean_of_means_of_equally_many_is_one_mean() -> None:
    assert len(root(f"mean([mean([{A}, {B}]), mean([{C}, {D}])])").inputs) == 4


def test_a_mean_of_means_of_different_numbers_stays() -> None:
    assert [n.op for n in root(f"mean([mean([{A}, {B}]), {C}])").inputs] == ["mean", "row_mean"]


def test_a_sum_of_sums_is_one_sum() -> None:
    assert len(root(f"sum([sum([{A}, {B}]), {C}])").inputs) == 3


def test_the_factors_of_a_sum_of_tensors_are_computed() -> None:
    target = (
        "(0*cosine() + 0.5)*probabilities(stop(b(encoder(labeled)))) + 0.5*probabilities(stop(c(encoder(labeled))))"
    )
    (losses,) = root(f"mean(soft_cross_entropy(a(encoder(labeled)), {target}))").inputs
    assert losses.inputs[1].setting("by") == (0.5, 0.5)


def test_a_constant_schedule_of_a_setting_is_a_number() -> None:
    target = "stop(probabilities(b(encoder(labeled)), temperature=0*cosine() + 0.5))"
    (losses,) = root(f"soft_cross_entropy(a(encoder(labeled)), {target})").inputs
    (stop,) = (node for node in losses.inputs if node.op == "stop")
    assert stop.inputs[0].setting("temperature") == 0.5


def kept(made: Program) -> list[str]:
    return [term.name for term in optimized(made).terms]


BOTH = "ce(labeled) + {weight} * entmin(unlabeled)"


def test_a_term_of_weight_zero_is_left_out_with_a_note() -> None:
    found = optimized(with_loss(BOTH.format(weight=0)))
    assert [term.name for term in found.terms] == ["ce"]
    assert found.notes == ("term `entmin` has weight 0 and is left out",)


def test_a_term_of_any_other_weight_stays() -> None:
    assert kept(with_loss(BOTH.format(weight=1e-12))) == ["ce", "entmin"]


def test_a_term_whose_forward_moves_statistics_stays() -> None:
    made = with_loss(BOTH.format(weight=0), "", 'encoder.norm="batch"', "forward=separate")
    assert kept(made) == ["ce", "entmin"]


def test_a_term_whose_forward_another_term_needs_is_left_out() -> None:
    # under `concat` the rows of the idle term stay in the one forward, and with them the statistics
    assert kept(with_loss(BOTH.format(weight=0), "", 'encoder.norm="batch"', "forward=concat")) == ["ce"]


def test_a_term_that_alone_trains_a_head_stays_because_weights_decay() -> None:
    assert kept(with_loss("ce(labeled) + 0 * rotation(labeled)")) == ["ce", "rotation"]


def test_if_all_terms_weigh_zero_all_stay() -> None:
    assert kept(with_loss("0*ce(labeled) + 0*entmin(unlabeled)")) == ["ce", "entmin"]

"""Scalars are functions of the step."""

import math

import pytest
from experiments import LIBRARY, quickstart

from ssldsl.graph.plan import CombinedPlan, ConstantPlan, CurvePlan
from ssldsl.runtime.ops.scalars import Scalars, value, weight_slots

COSINE = CurvePlan(op="cosine")


def test_a_constant_stays() -> None:
    assert [value(ConstantPlan(value=0.3), step, 10, LIBRARY) for step in (0, 9)] == [0.3, 0.3]


@pytest.mark.parametrize(("op", "expected"), [("+", 2.5), ("-", 1.5), ("*", 1.0), ("/", 4.0)])
def test_arithmetic_of_scalars(op: str, expected: float) -> None:
    plan = CombinedPlan(op=op, left=ConstantPlan(value=2.0), right=ConstantPlan(value=0.5))
    assert value(plan, 3, 10, LIBRARY) == expected


def test_a_number_divided_by_nothing_is_infinite_and_nothing_by_nothing_none() -> None:
    def divided(left: float, right: float) -> float:
        plan = CombinedPlan(op="/", left=ConstantPlan(value=left), right=ConstantPlan(value=right))
        return value(plan, 0, 10, LIBRARY)

    assert [divided(2.0, 0.0), divided(-2.0, 0.0)] == [math.inf, -math.inf]
    assert math.isnan(divided(0.0, 0.0))


def test_after_then_the_second_starts_at_its_own_zero_and_lasts_for_the_rest() -> None:
    plan = CombinedPlan(op="then", left=ConstantPlan(value=7.0), right=COSINE, length=20)
    found = [value(plan, step, 100, LIBRARY) for step in (0, 19, 20, 60, 100)]
    assert found == pytest.approx([7.0, 7.0, 1.0, 0.5, 0.0], abs=1e-12)


def test_the_first_of_then_runs_for_its_length() -> None:
    plan = CombinedPlan(op="then", left=COSINE, right=ConstantPlan(value=0.0), length=10)
    assert value(plan, 5, 100, LIBRARY) == pytest.approx(0.5)


def test_three_in_a_row_keep_their_places() -> None:
    inner = CombinedPlan(op="then", left=ConstantPlan(value=1.0), right=ConstantPlan(value=2.0), length=10)
    plan = CombinedPlan(op="then", left=inner, right=ConstantPlan(value=3.0), length=30)
    assert [value(plan, step, 100, LIBRARY) for step in (9, 10, 29, 30)] == [1.0, 2.0, 2.0, 3.0]


def test_the_step_reads_schedules_first_and_then_the_weights_that_change() -> None:
    stage = quickstart().stages[0]
    assert weight_slots(stage) == {"vat": 1}
    quarter = (1 + math.cos(math.pi / 4)) / 2
    assert Scalars(stage, LIBRARY).at(25) == pytest.approx([quarter, quarter])


def test_weights_are_told_for_every_term() -> None:
    weights = Scalars(quickstart().stages[0], LIBRARY).weights(50)
    assert weights == pytest.approx({"ce": 1.0, "rotation": 0.7, "vat": 0.5})


def test_schedules_among_settings_are_replaced_by_their_values() -> None:
    scalars = Scalars(quickstart().stages[0], LIBRARY)
    assert scalars.resolve({"lr": {"schedule": 0}, "momentum": 0.9}, 50) == pytest.approx({"lr": 0.5, "momentum": 0.9})


def test_the_tensor_is_the_same_one_while_nothing_changes() -> None:
    scalars = Scalars(quickstart().stages[0], LIBRARY)
    assert scalars.tensor_at(3) is scalars.tensor_at(3)
    assert scalars.tensor_at(50).tolist() == pytest.approx([0.5, 0.5])

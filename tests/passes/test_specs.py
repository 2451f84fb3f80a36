"""The quickstart, from its text through the checker to its plan."""

from programs import SHIPPED, graph, optimized, program

from ssldsl.graph.plan import Plan
from ssldsl.ir.primitives.draws import draws_of
from ssldsl.passes import forwards
from ssldsl.passes.planning import make_plan

QUICKSTART = (SHIPPED / "quickstart.ssl").read_text(encoding="utf-8")


def test_the_quickstart_runs_the_encoder_once_for_all_terms_and_twice_inside_vat() -> None:
    made = program(QUICKSTART)
    assert forwards(optimized(made), made.signatures) == {"encoder": 3, "classes": 3, "rotation.angles": 1}


def test_the_plan_reads_back_and_has_its_length_in_steps() -> None:
    plan = make_plan(program(QUICKSTART), sizes={})
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert plan.stages[0].steps_per_epoch == 1437 // 100


def test_two_equal_views_of_a_stream_are_two_draws() -> None:
    twice = QUICKSTART.replace(">> random_shift(1)", ">> random_shift(1) >> random_shift(1)")
    shifts = {name for n in graph(program(twice)).nodes if n.op == "random_shift" for name, _ in draws_of(n)}
    assert shifts == {
        f"{stream}/{name}" for stream in ("labeled", "unlabeled") for name in ("random_shift", "random_shift#2")
    }

"""Real specs, from their text through the checker to their plan."""

from pathlib import Path

import pytest
from stage_programs import ROWS

from ssldsl.check import check
from ssldsl.graph.dump import dump
from ssldsl.graph.dump_reader import parse_dump
from ssldsl.graph.graph import Graph, stage_graph
from ssldsl.graph.plan import Plan
from ssldsl.ir.program import Program
from ssldsl.passes import forward_rows, forwards, run_passes
from ssldsl.passes.planning import context_of, make_plan, stage_clock
from ssldsl.source import Source

QUICKSTART = (Path(__file__).parents[2] / "specs" / "quickstart.ssl").read_text(encoding="utf-8")
LOSS = next(line for line in QUICKSTART.splitlines() if line.startswith("loss"))
S4L = "loss = ce(labeled) + 0.7*rotation(all) + 0.3*vat(unlabeled) + entmin(unlabeled)"
NET = next(line for line in QUICKSTART.splitlines() if line.startswith("net "))
NORMALISED = 'net encoder = convnet(width=32, norm="batch")'


def program(text: str) -> Program:
    return check(Source("quickstart.ssl", text)).unwrap()


def s4l(forward: str = "") -> Program:
    text = QUICKSTART.replace(LOSS, S4L)
    return program(text.replace(NET, f"{NORMALISED}\nforward = {forward}") if forward else text)


def optimised(made: Program, level: int = 1) -> Graph:
    stage = made.stages[0]
    return run_passes(stage_graph(made, stage), context_of(made, clock=stage_clock(made, stage, {})), level=level)


def test_s4l_runs_the_encoder_once_for_all_terms_and_twice_inside_vat() -> None:
    made = s4l()
    assert forwards(optimised(made), made.signatures) == {"encoder": 3, "classes": 3, "rotation.angles": 1}


def test_s4l_sends_no_row_through_the_encoder_that_it_has_already() -> None:
    made = s4l()
    rows = forward_rows(optimised(made), made.signatures)["encoder"]
    sizes = {f"B_{name}": count for name, count in made.stages[0].batch}
    assert rows.substitute(sizes).value == 4 * sum(ROWS.values()) + 2 * ROWS["unlabeled"]


@pytest.mark.parametrize(("forward", "runs"), [("concat", 1), ("separate", 4)])
def test_batch_normalisation_follows_the_policy(forward: str, runs: int) -> None:
    made = s4l(forward)
    for level in (0, 1):
        assert forwards(optimised(made, level), made.signatures)["encoder"] == runs + 2


def test_the_text_of_the_graph_reads_back() -> None:
    for level in (0, 1):
        text = dump(optimised(s4l(), level))
        assert dump(parse_dump(text)) == text


def test_the_plan_reads_back_and_has_its_length_in_steps() -> None:
    plan = make_plan(program(QUICKSTART), sizes={})
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert plan.stages[0].steps_per_epoch == 1437 // 100


def test_two_equal_views_of_a_stream_are_two_draws() -> None:
    text = QUICKSTART.replace(">> shift(1)", ">> shift(1) >> shift(1)")
    shifts = {n.draw for n in make_plan(program(text), sizes={}).stages[0].nodes if n.op == "shift"}
    assert shifts == {f"{stream}/{name}" for stream in ROWS for name in ("shift", "shift#2")}

"""From a program to its plan."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from small_graphs import CLOCK
from stage_programs import COSINE, Draft, program, s4l, span, stage

from ssldsl.errors import InternalError
from ssldsl.graph.plan import VERSION, NodePlan, Plan
from ssldsl.graph.plan_types import TensorPlan
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar
from ssldsl.ir.program import Configured, InitFrom, Module, Program, Stream
from ssldsl.passes import Clock
from ssldsl.passes.planning import make_plan, stage_clock
from ssldsl.types import Dim

SCHEMA = Path(__file__).parents[1] / "golden" / "plan_schema.json"
RAMP = Curve("linear_ramp", (("length", Duration(10, "ep")),))


def plan(made: Program | None = None, **changed: Any) -> Plan:
    return make_plan(made or s4l(), sizes={}, **changed)


def weighted(weight: Scalar, **changed: Any) -> Program:
    draft = Draft()
    return program(draft, stage({"ce": (weight, draft.ce())}, **changed))


def nodes(made: Plan, op: str) -> list[NodePlan]:
    return [node for node in made.stages[0].nodes if node.op == op]


# Time


@pytest.mark.parametrize(
    ("run", "size", "rows", "expected"),
    [
        (Duration(30, "ep"), 1437, 100, Clock(14, 420)),  # the rest of a pass is not a step
        (Duration(0.5, "ep"), 1437, 100, Clock(14, 7)),
        (Duration(500, "it"), 1437, 100, Clock(14, 500)),
        (Duration(2, "ep"), 30, 50, Clock(1, 2)),  # a pass has one step at least
        (Duration(1, "it"), 30, 50, Clock(1, 1)),
    ],
)
def test_a_run_in_steps(run: Duration, size: int, rows: int, expected: Clock) -> None:
    assert Clock.of(run, size, rows) == expected


def test_a_run_is_no_share() -> None:
    with pytest.raises(InternalError, match="no whole"):
        Clock.of(Duration(10, "%"), 100, 10)


@pytest.mark.parametrize(
    ("duration", "steps"), [(Duration(10, "ep"), 140), (Duration(33, "it"), 33), (Duration(25, "%"), 105)]
)
def test_a_duration_in_steps(duration: Duration, steps: float) -> None:
    assert CLOCK.steps_of(duration) == steps


def test_the_clock_of_a_join_counts_the_samples_and_rows_of_its_parts() -> None:
    made = weighted(Constant(1.0), clock="all")
    assert stage_clock(made, made.stages[0], {}) == Clock((100 + 1437) // 150, (100 + 1437) // 150 * 30)


def test_a_clock_of_unknown_size_is_refused_by_name() -> None:
    made = weighted(Constant(1.0))
    unknown = evolve(made, streams=(*made.streams[:1], Stream("unlabeled", made.streams[1].data, Dim.of("N_train"))))
    with pytest.raises(InternalError, match="N_train"):
        make_plan(unknown, sizes={})
    assert make_plan(unknown, sizes={"N_train": 500}).stages[0].steps_per_epoch == 5


def test_the_steps_of_a_stage() -> None:
    found = plan().stages[0]
    assert (found.steps_per_epoch, found.steps, found.evaluate_every) == (14, 420, 14)


def test_a_weight_is_told_in_steps_with_its_constants_computed() -> None:
    weight = Combined(
        "then", Combined("*", Constant(2.0), Combined("*", Constant(0.5), RAMP)), COSINE, Duration(50, "%")
    )
    found = plan(weighted(weight)).stages[0].terms[0].weight.model_dump()
    assert (found["left"]["op"], found["left"]["settings"], found["length"]) == (
        "linear_ramp",
        {"length": 140.0},
        210.0,
    )


def test_schedules_of_settings_are_numbered() -> None:
    lr = Combined("*", Constant(0.1), COSINE)
    optimizer = Configured("sgd", (("lr", lr), ("momentum", Constant(0.9))), span("loss ="))
    made = weighted(Constant(1.0), optimizer=optimizer, groups=(("classes", (("lr", RAMP), ("momentum", lr))),))
    found = plan(made).stages[0]
    assert found.optimizer.settings == {"lr": {"schedule": 0}, "momentum": 0.9}
    assert found.groups == {"classes": {"lr": {"schedule": 1}, "momentum": {"schedule": 0}}}
    assert [s.kind for s in found.schedules] == ["combined", "curve"]


def test_a_share_of_a_data_set_is_a_fraction_and_no_time() -> None:
    draft = Draft()
    whole = draft.stream_data("labeled").inputs[0]
    tenth = draft.interner.node(
        "subset", (whole,), type=whole.type, params=("data",), settings=(("count", Duration(10, "%")),)
    )
    draw = draft.interner.node(
        "draw",
        (tenth,),
        type=draft.draw("labeled").type,
        params=("data",),
        settings=(("stream", "labeled"), ("field", "image")),
    )
    loss = draft.loss("entropy", logits=draft.logits(draw))
    found = plan(program(draft, stage({"loss": (Constant(1.0), loss)})))
    assert nodes(found, "subset")[0].settings == {"count": 0.1}


# Nodes


def test_types_have_numbers_for_symbols() -> None:
    assert [node.type for node in nodes(plan(), "draw")] == [
        TensorPlan(kind="Images", dims=(50, 1, 8, 8)),
        TensorPlan(kind="Images", dims=(100, 1, 8, 8)),
        TensorPlan(kind="Labels", dims=(50,), classes=10),
    ]


def test_slices_are_numbers() -> None:
    settings = [node.settings for node in nodes(plan(), "slice")]
    assert {"start": 0, "stop": 600, "step": 4} in settings  # of the rotated images, the plain ones
    assert all(isinstance(value, int) for each in settings for value in each.values())


def test_a_size_that_nothing_tells_is_refused() -> None:
    made = s4l()
    with pytest.raises(InternalError, match="B_unlabeled"):
        make_plan(evolve(made, stages=(evolve(made.stages[0], batch=(("labeled", 50),), clock="labeled"),)), sizes={})


def test_every_reference_is_to_an_earlier_node() -> None:
    seen: set[str] = set()
    for node in plan().stages[0].nodes:
        assert set(node.inputs) | ({node.rows} - {None}) <= seen
        seen.add(node.id)
    assert {term.node for term in plan().stages[0].terms} <= seen


def test_places_are_lines_and_columns_with_their_text() -> None:
    place = nodes(plan(), "entropy")[0].places[0]
    assert (place.file, place.line, place.column, place.end) == ("hand.ssl", 5, 83, 100)
    assert place.text[place.column - 1 : place.end - 1] == "entmin(unlabeled)"


def test_streams_say_what_they_draw() -> None:
    found = plan()
    streams = {s.name: (s.rows, s.size) for s in found.stages[0].streams}
    assert streams == {"labeled": (50, 100), "unlabeled": (100, 1437)}
    data = {node.id: node.op for node in found.stages[0].nodes}
    assert [data[s.data] for s in found.stages[0].streams] == ["subset", "unlabel"]


def test_no_gradient_is_recorded_for_views() -> None:
    assert not any(node.grad for node in nodes(plan(), "shift") + nodes(plan(), "draw") + nodes(plan(), "accuracy"))
    assert all(node.grad for node in nodes(plan(), "virtual_adversarial"))


def test_without_optimisation_the_plan_has_every_forward() -> None:
    assert len(nodes(plan(level=0), "apply")) > len(nodes(plan(level=1), "apply"))


def test_notes_of_the_passes_reach_the_plan() -> None:
    draft = Draft()
    terms: dict[str, tuple[Scalar, Node]] = {
        "ce": (Constant(1.0), draft.ce()),
        "entmin": (Constant(0.0), draft.entmin()),
    }
    assert "entmin" in plan(program(draft, stage(terms))).stages[0].notes[0]


# Modules and stages


def test_an_average_keeps_time_by_the_stage_that_trains_what_it_averages() -> None:
    made = weighted(Constant(1.0))
    teacher = Module("teacher", "convnet", "net", average_of="encoder", half_life=Duration(2, "ep"))
    pupil = Module(
        "pupil", "convnet", "net", average_of="encoder", momentum=Combined("then", RAMP, COSINE, Duration(1, "ep"))
    )
    found = plan(evolve(made, modules=(*made.modules, teacher, pupil))).modules
    assert found[-2].half_life == 28.0
    assert found[-1].momentum is not None and found[-1].momentum.model_dump()["length"] == 14.0


def test_sizes_of_modules_that_only_the_network_tells_are_left_out() -> None:
    made = weighted(Constant(1.0))
    head = Module("head", "linear", "head", (("dim", Dim.of("dim")), ("classes", Dim.of("K"))))
    assert make_plan(evolve(made, modules=(head,)), sizes={"K": 7}).modules[0].sizes == {"classes": 7}


def test_stages_keep_their_order_and_origins() -> None:
    draft = Draft()
    terms = {"ce": (Constant(1.0), draft.ce())}
    second = stage(
        terms, name="second", after=("main",), init=(InitFrom(("encoder",), "main", True, span=span("loss =")),)
    )
    found = plan(program(draft, stage(terms), second)).stages[1]
    assert (found.after, found.init[0].modules, found.init[0].average) == (("main",), ("encoder",), True)
    assert found.init[0].place is not None and found.init[0].place.line == 5


def test_the_digest_of_every_op_is_kept() -> None:
    assert plan().ops["entropy"] == "digest of entropy"


# As a file


@pytest.mark.parametrize("level", [0, 1])
def test_a_plan_reads_back_from_json(level: int) -> None:
    made = plan(level=level)
    assert Plan.model_validate_json(made.model_dump_json()) == made


def test_the_same_program_gives_the_same_plan() -> None:
    assert plan().model_dump_json() == plan().model_dump_json()


def test_a_schema_that_old_readers_or_old_files_do_not_fit_has_a_new_version() -> None:
    schema = Plan.model_json_schema()
    if os.environ.get("UPDATE_GOLDEN"):
        before = json.loads(SCHEMA.read_text()) if SCHEMA.exists() else None
        assert before is None or before["version"] < VERSION or _reads(before["schema"], schema), "VERSION must grow"
        SCHEMA.write_text(json.dumps({"version": VERSION, "schema": schema}, indent=1) + "\n")
    assert json.loads(SCHEMA.read_text()) == {"version": VERSION, "schema": schema}


def _reads(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether every file of the old schema is one of the new: parts have only gained keys that may be left out."""
    old_parts = {"": old, **old.get("$defs", {})}
    new_parts = {"": new, **new.get("$defs", {})}
    return all(name in new_parts and _part_reads(part, new_parts[name]) for name, part in old_parts.items())


def _part_reads(old: dict[str, Any], new: dict[str, Any]) -> bool:
    same = all(new.get("properties", {}).get(key) == form for key, form in old.get("properties", {}).items())
    return same and set(new.get("required", ())) <= set(old.get("required", ()))


def test_a_schema_change_that_breaks_old_files_is_recognised() -> None:
    old = {"properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert _reads(old, old | {"properties": {"name": {"type": "string"}, "more": {}}})
    assert not _reads(old, {"properties": {"name": {"type": "integer"}}, "required": ["name"]})
    assert not _reads(old, old | {"required": ["name", "more"]})
    assert not _reads(old, {"properties": {}, "required": []})

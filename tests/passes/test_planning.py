"""From a program to its plan."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from programs import DECLARED, S4L, program, with_loss

from ssldsl.errors import InternalError
from ssldsl.graph.plan import VERSION, NodePlan, Plan
from ssldsl.graph.plan_types import TensorPlan
from ssldsl.ir.nodes import Duration
from ssldsl.ir.program import Program
from ssldsl.passes import Clock
from ssldsl.passes.planning import make_plan, stage_clock

SCHEMA = Path(__file__).parents[1] / "golden" / "plan_schema.json"


def plan(made: Program | None = None, **changed: Any) -> Plan:
    return make_plan(made or program(S4L), sizes={}, **changed)


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
    assert Clock(steps_per_epoch=14, steps=420).steps_of(duration) == steps


def test_the_clock_counts_the_samples_and_rows_of_its_stream() -> None:
    made = program(S4L, "clock=labeled")
    assert stage_clock(made, made.stages[0], {}) == Clock(100 // 50, 100 // 50 * 30)


def test_a_clock_of_unknown_size_is_refused_by_name() -> None:
    unknown = program(
        """
        ssl 1
        data   images  = image_folder("photos")
        stream labeled = images.train >> random_crop(32)
        net    encoder = convnet(width=8)
        head   classes = linear(encoder.dim, images.classes)
        loss  = ce(labeled)
        batch = {labeled: 100}
        run   = 3ep
        """
    )
    (size,) = unknown.streams[0].size.symbols
    with pytest.raises(InternalError, match=size):
        make_plan(unknown, sizes={})
    assert make_plan(unknown, sizes={size: 500}).stages[0].steps_per_epoch == 5


def test_the_steps_of_a_stage() -> None:
    found = plan().stages[0]
    assert (found.steps_per_epoch, found.steps, found.evaluate_every) == (14, 420, 14)


def test_a_weight_is_told_in_steps_with_its_constants_computed() -> None:
    weight = "(2 * 0.5 * linear_ramp(10ep) then cosine())"
    (term,) = plan(program(S4L.replace("ce(labeled)", f"{weight} * ce(labeled)"), drops=REST)).stages[0].terms
    found = term.weight.model_dump()
    assert (found["left"]["op"], found["left"]["settings"]["length"], found["length"]) == (
        "linear_ramp",
        140.0,
        140.0,
    )


REST = ("rotation", "vat", "entmin")


def test_schedules_of_settings_are_numbered() -> None:
    optimizer = "optimizer = sgd(lr=0.1 * cosine(), momentum=0.9)"
    groups = "groups = {classes: {lr: linear_ramp(10ep), momentum: 0.1 * cosine()}}"
    found = plan(program(S4L.replace("optimizer = sgd(lr=cosine(), momentum=0.9)", f"{optimizer}\n{groups}"))).stages[0]
    assert (found.optimizer.settings["lr"], found.optimizer.settings["momentum"]) == ({"schedule": 0}, 0.9)
    assert found.groups == {"classes": {"lr": {"schedule": 1}, "momentum": {"schedule": 0}}}
    assert [s.kind for s in found.schedules] == ["combined", "curve"]


def test_a_share_of_a_data_set_is_a_fraction_and_no_time() -> None:
    (subset,) = nodes(plan(program(S4L.replace("subset(100", "subset(10%"))), "subset")
    assert subset.settings["count"] == 0.1


# Nodes


def test_types_have_numbers_for_symbols() -> None:
    assert {node.type for node in nodes(plan(), "draw")} == {
        TensorPlan(kind="Images", dims=(50, 1, 8, 8)),
        TensorPlan(kind="Images", dims=(100, 1, 8, 8)),
        TensorPlan(kind="Labels", dims=(50,), classes=10),
    }


def test_slices_are_numbers() -> None:
    settings = [node.settings for node in nodes(plan(), "slice")]
    assert {"start": 0, "stop": 600, "step": 4} in settings  # of the rotated images, the plain ones
    assert all(isinstance(value, int) for each in settings for value in each.values())


def test_every_reference_is_to_an_earlier_node() -> None:
    seen: set[str] = set()
    for node in plan().stages[0].nodes:
        assert set(node.inputs) | ({node.rows} - {None}) <= seen
        seen.add(node.id)
    assert {term.node for term in plan().stages[0].terms} <= seen


def test_places_are_lines_and_columns_with_their_text() -> None:
    place = nodes(plan(), "entropy")[0].places[-1]
    assert (place.file, place.text[place.column - 1 : place.end - 1]) == ("specs/quick.ssl", "entmin(unlabeled)")
    assert S4L.splitlines()[place.line - 1] == place.text


def test_streams_say_what_they_draw() -> None:
    found = plan()
    streams = {s.name: (s.rows, s.size) for s in found.stages[0].streams}
    assert streams == {"labeled": (50, 100), "unlabeled": (100, 1437)}
    data = {node.id: node.op for node in found.stages[0].nodes}
    assert [data[s.data] for s in found.stages[0].streams] == ["subset", "unlabel"]


def test_no_gradient_is_recorded_for_views() -> None:
    assert not any(
        node.grad for node in nodes(plan(), "random_shift") + nodes(plan(), "draw") + nodes(plan(), "accuracy")
    )
    assert all(node.grad for node in nodes(plan(), "virtual_adversarial"))


def test_without_optimization_the_plan_has_every_forward() -> None:
    assert len(nodes(plan(level=0), "apply")) > len(nodes(plan(level=1), "apply"))


def test_notes_of_the_passes_reach_the_plan() -> None:
    assert "entmin" in plan(with_loss("ce(labeled) + 0*entmin(unlabeled)")).stages[0].notes[0]


# Modules and stages


def test_an_average_keeps_time_by_the_stage_that_trains_what_it_averages() -> None:
    averages = """
        net teacher = ema(encoder, half_life=2ep)
        net pupil   = ema(encoder, momentum=linear_ramp(10ep) then cosine())
        let own     = softmax(classes(encoder(unlabeled)))
        """
    targets = [f"mse(own, stop(softmax(classes({name}(unlabeled)))))" for name in ("teacher", "pupil")]
    made = with_loss(
        f"ce(labeled) + {' + '.join(targets)}", averages, "batch={labeled: 50, unlabeled: 100}", "clock=unlabeled"
    )
    found = {module.path: module for module in plan(made).modules}
    assert found["teacher"].half_life == 2.0 * 14
    momentum = found["pupil"].momentum
    assert momentum is not None and momentum.model_dump()["length"] == 10.0 * 14


def test_sizes_of_modules_that_only_the_network_tells_are_left_out() -> None:
    foreign = DECLARED.replace("digits()", "cifar10()").replace(
        "convnet(width=32)", 'torchvision_model(name="resnet18")'
    )
    made = program(f"{foreign}\nloss = ce(labeled)\nbatch = 10\nrun = 2it\noptimizer = sgd(lr=0.1)")
    assert {module.path: module.sizes for module in plan(made).modules}["classes"] == {"classes": 10}


STAGES = """
ssl 1
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
stage first {
  loss    = ce(labeled)
  run     = 2it
  average = polyak(half_life=1it)
}
stage second after first {
  init encoder from first.average
  loss = ce(labeled)
  run  = 2it
}
"""


def test_stages_keep_their_order_and_origins() -> None:
    found = plan(program(STAGES)).stages[1]
    assert (found.name, found.after) == ("second", ("first",))
    assert [(o.modules, o.stage, o.average) for o in found.init] == [
        (("classes",), "", False),
        (("encoder",), "first", True),
    ]
    assert found.init[1].place is not None and found.init[1].place.text == "  init encoder from first.average"


def test_the_digest_of_every_op_is_kept() -> None:
    made = program(S4L)
    assert plan(made).ops == {name: signature.digest for name, signature in sorted(made.signatures.items())}


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
    forms = new.get("properties", {})
    same = all(key in forms and _form_reads(form, forms[key]) for key, form in old.get("properties", {}).items())
    return same and set(new.get("required", ())) <= set(old.get("required", ()))


def _form_reads(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether a key takes what it took; one that chooses from words may have gained some."""
    words = set(old.get("enum", ())) <= set(new.get("enum", ()))
    return words and {**old, "enum": None} == {**new, "enum": None}


def test_a_schema_change_that_breaks_old_files_is_recognized() -> None:
    old = {"properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert _reads(old, old | {"properties": {"name": {"type": "string"}, "more": {}}})
    assert not _reads(old, {"properties": {"name": {"type": "integer"}}, "required": ["name"]})
    assert not _reads(old, old | {"required": ["name", "more"]})
    assert not _reads(old, {"properties": {}, "required": []})
    few, many = ({"properties": {"name": {"enum": words}}} for words in (["a"], ["a", "b"]))
    assert _reads(few, many) and not _reads(many, few)

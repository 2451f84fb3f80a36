"""Suave, Daino, SwAV and DINO laid beside their papers: the specs check, draw, run, and weigh their terms by rows."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from using import ssldsl

from ssldsl import pipeline
from ssldsl.check import check, check_everything
from ssldsl.comparing.diff import diff_checked
from ssldsl.drawing import draw
from ssldsl.graph.plan import StagePlan
from ssldsl.ir.nodes import Constant
from ssldsl.runtime.data.measure import assumed
from ssldsl.source import Source
from ssldsl.syntax.formatter import format_text

SPECS = Path(__file__).parents[2] / "specs"
NAMES = [
    "swav_imagenet",
    "suave_imagenet",
    "suave_cifar100",
    "dino_imagenet",
    "daino_imagenet",
    "daino_cifar100",
    "suave_digits",
    "daino_digits",
]
LINES = {"daino_digits": 73}  # the others: 70


def source(name: str) -> Source:
    path = SPECS / f"{name}.ssl"
    return Source(str(path), path.read_text(encoding="utf-8"))


def stages(name: str, *variants: str) -> dict[str, StagePlan]:
    program = check(source(name), variants=variants).unwrap()
    known = assumed(program)
    plan = pipeline.compile(program, sizes=known.sizes, resident=known.resident)
    return {stage.name: stage for stage in plan.stages}


def weights(name: str, *variants: str) -> dict[str, dict[str, float]]:
    """The weight of every term of every stage."""
    program = check(source(name), variants=variants).unwrap()
    return {
        stage.name: {t.name: t.weight.value for t in stage.terms if isinstance(t.weight, Constant)}
        for stage in program.stages
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_checks_with_all_its_variants_and_is_formatted(name: str) -> None:
    spec = source(name)
    assert check_everything(spec).diagnostics == ()
    assert format_text(spec) == spec.text


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_is_short_and_says_where_it_comes_from(name: str) -> None:
    text = source(name).text
    header = text[: text.index("\nssl 1\n")]
    assert len(text.splitlines()) <= LINES.get(name, 70)
    assert all(line.startswith("#") for line in header.splitlines())
    assert [f"specs/{name}.ssl" in header, "# expected: " in header, "# hours:    " in header] == [True] * 3


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_is_drawn(name: str) -> None:
    program = check(source(name)).unwrap()
    said = "".join(ElementTree.fromstring(draw(program, "svg")).itertext())
    assert all(term.name in said for stage in program.stages for term in stage.terms)
    assert draw(program, "html").count("<svg") == 1


@pytest.mark.parametrize(
    ("variants", "pretrain", "finetune"),
    [
        ((), (0.8333, 0.0833, 0.0833, 0.0417), (0.5, 0.25, 0.25, 0.125)),
        (("as_released",), (0.9065, 0.0028, 0.0907, 0.0453), (0.6598, 0.0103, 0.3299, 0.1649)),
    ],
    ids=["paper", "released"],
)
def test_terms_weigh_as_many_rows_as_they_have(
    variants: tuple[str, ...], pretrain: tuple[float, ...], finetune: tuple[float, ...]
) -> None:
    found = weights("suave_imagenet", *variants)
    for stage, expected in (("pretrain", pretrain), ("finetune", finetune)):
        names = ("swapped", "mixed", "labeled", "online_probe")
        assert [found[stage][name] for name in names] == pytest.approx(expected, abs=5e-5)


def test_the_terms_of_daino_weigh_ten_to_one() -> None:
    found = weights("daino_imagenet")["pretrain"]
    assert found == pytest.approx({"distilled": 0.9091, "labeled": 0.0909}, abs=5e-5)


def test_suave_as_released_differs_in_weights_small_crops_and_fine_tuning() -> None:
    found = {
        (e.path, e.before, e.after)
        for e in diff_checked(
            check(source("suave_imagenet")), check(source("suave_imagenet"), variants=("as_released",))
        ).entries
    }
    rest = {entry for entry in found if not entry[0].endswith(".weight")}
    assert rest == {
        ("pretrain.loss.swapped.random_resized_crop.scale", "[0.08, 0.14]", "[0.05, 0.14]"),
        ("finetune.loss.labeled.smoothing", "0.01", "0.001"),
        ("finetune.optimizer.lr", "0.02 · cosine(0.01)", "0.03 · cosine(0.01)"),
    }
    assert len(found - rest) == 12


def test_the_plan_of_suave_has_two_queues_in_either_stage_and_new_prototypes() -> None:
    found = stages("suave_imagenet")
    for stage in found.values():
        queues = [node for node in stage.nodes if node.op == "queue"]
        assert [node.settings["length"] for node in queues] == [3840, 3840]
    taken = {module for init in found["finetune"].init if init.stage for module in init.modules}
    assert "clusters" not in taken and {"encoder", "hidden", "output"} <= taken


def test_the_plan_of_dino_has_a_center_a_teacher_and_a_last_layer_that_waits() -> None:
    stage = stages("dino_imagenet")["pretrain"]
    assert [node.op for node in stage.nodes if node.op == "center"] == ["center"]
    assert stage.groups["clusters.last"]["freeze"] == stage.steps_per_epoch == 1251
    assert (stage.clip, stage.clip_per_tensor) == (3.0, True)


def test_the_queue_of_swav_starts_after_fifteen_epochs_and_its_prototypes_wait_for_one() -> None:
    stage = stages("swav_imagenet")["pretrain"]
    assert stage.steps_per_epoch == 5004 and stage.groups["clusters"]["freeze"] == 5005
    assert {node.settings["start"] for node in stage.nodes if node.op == "queue"} == {15 * 5004}


def test_the_differences_between_suave_and_daino_are_said_in_few_words() -> None:
    lines = ssldsl("diff", SPECS / "suave_imagenet.ssl", SPECS / "daino_imagenet.ssl").stdout.splitlines()
    terms = [line for line in lines if ".loss.swapped " in line or ".loss.distilled " in line]
    assert [line.split()[0] for line in terms] == ["-", "+"] and max(map(len, terms)) < 160

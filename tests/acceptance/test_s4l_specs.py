"""S4L laid beside its paper: every row of its tables is a spec that checks, draws, runs and differs where papers do."""

import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from using import ssldsl

from ssldsl.check import check, check_everything
from ssldsl.drawing import draw
from ssldsl.ir.nodes import Constant
from ssldsl.source import Source
from ssldsl.syntax.formatter import format_text

SPECS = Path(__file__).parents[2] / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("s4l_*.ssl"))
LONGEST = 61  # lines of a spec of the paper; the small one has all methods in one
SCREEN = (1600, 900)

# Tables 1 and 2 of the paper: label of the row, its spec, the variants
ROWS = {
    "supervised": ("s4l_supervised_imagenet", ()),
    "supervised, 1 %": ("s4l_supervised_imagenet", ("one_percent",)),
    "supervised, 100 %": ("s4l_supervised_imagenet", ("all_labels",)),
    "pseudo-labels": ("s4l_pseudo_label_imagenet", ()),
    "pseudo-labels, 1 %": ("s4l_pseudo_label_imagenet", ("one_percent",)),
    "VAT": ("s4l_vat_imagenet", ()),
    "VAT, 1 %": ("s4l_vat_imagenet", ("one_percent",)),
    "VAT + EntMin": ("s4l_vat_imagenet", ("entmin",)),
    "VAT + EntMin, 1 %": ("s4l_vat_imagenet", ("entmin", "one_percent")),
    "VAT + EntMin, released": ("s4l_vat_imagenet", ("entmin", "as_released")),
    "rotation, then linear or fine-tuning": ("s4l_selfsup_imagenet", ()),
    "exemplar, then linear or fine-tuning": ("s4l_selfsup_imagenet", ("exemplar",)),
    "exemplar, then linear or fine-tuning, 1 %": ("s4l_selfsup_imagenet", ("exemplar", "one_percent")),
    "S4L-Rotation": ("s4l_rotation_imagenet", ()),
    "S4L-Rotation, 1 %": ("s4l_rotation_imagenet", ("one_percent",)),
    "S4L-Exemplar": ("s4l_exemplar_imagenet", ()),
    "S4L-Exemplar, 1 %": ("s4l_exemplar_imagenet", ("one_percent",)),
    "MOAM": ("s4l_moam_imagenet", ()),
    "MOAM, released": ("s4l_moam_imagenet", ("as_released",)),
    "four times wider": ("s4l_supervised_imagenet", ("wide",)),
    "four times wider, 100 %": ("s4l_supervised_imagenet", ("all_labels", "wide")),
}

NARROW = ("--set", "encoder.width=1")
DIGITS = ("supervised", "pseudo_label", "vat", "vat_entmin", "rotation", "exemplar", "single")
# `.ci/run` smokes every spec as it stands; these are what it does not come by
SMOKE: dict[str, tuple[str, tuple[str, ...]]] = {
    "VAT as released": ("s4l_vat_imagenet", (*NARROW, "--variant", "entmin", "--variant", "as_released")),
    **{f"{name} on digits": ("s4l_digits", ("--variant", name)) for name in DIGITS},
}


def source(name: str) -> Source:
    path = SPECS / f"{name}.ssl"
    return Source(str(path), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_checks_with_all_its_variants_and_is_formatted(name: str) -> None:
    spec = source(name)
    assert check_everything(spec).diagnostics == ()
    assert format_text(spec) == spec.text


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_is_short_and_says_where_it_comes_from(name: str) -> None:
    text = source(name).text
    header = text[: text.index("\nssl 1\n")]
    assert len(text.splitlines()) <= LONGEST or name == "s4l_digits"
    assert max(map(len, text.splitlines())) <= 122
    assert all(line.startswith("#") for line in header.splitlines()) and "ICCV 2019" in header
    assert [f"specs/{name}.ssl" in header, "# expected: " in header, "# hours:    " in header] == [True] * 3


@pytest.mark.parametrize(("name", "variants"), ROWS.values(), ids=ROWS)
def test_every_row_of_the_tables_is_a_right_program(name: str, variants: tuple[str, ...]) -> None:
    assert check(source(name), variants=variants).diagnostics == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_is_drawn(name: str) -> None:
    program = check(source(name)).unwrap()
    svg = ElementTree.fromstring(draw(program, "svg"))
    said = "".join(svg.itertext())
    assert all(stage.name in said for stage in program.stages if stage.name != "main")
    assert all(term.name in said for stage in program.stages for term in stage.terms)
    assert draw(program, "html").count("<svg") == 1


def test_the_picture_of_moam_fits_one_screen() -> None:
    svg = ElementTree.fromstring(draw(check(source("s4l_moam_imagenet")).unwrap(), "svg"))
    width, height = (float(svg.attrib[side]) for side in ("width", "height"))
    assert min(SCREEN[0] / width, SCREEN[1] / height) > 0.8  # text of 11 pixels is still one of 9


def test_moam_as_released_differs_in_a_weight_in_vat_and_in_what_is_averaged_for_labels() -> None:
    assert told("s4l_moam_imagenet", "--variant", "as_released") == [
        *(
            (f"{stage}.loss.{path}", before, after)
            for stage in ("joint", "retrain")
            for path, before, after in (
                ("rot.weight", "0.7", "0.4"),
                ("vat.direction", '"clean_to_adversarial"', '"adversarial_to_clean"'),
                ("vat.radius", '"exact"', '"released"'),
                ("vat.rows", "none", "4"),
            )
        ),
        ("stream.pseudo.average_views.of", '"probabilities"', '"logits"'),
    ]


@pytest.mark.parametrize(("variants", "expected"), [((), 1.62), (("as_released",), 1.26)])
def test_the_terms_of_moam_add_up_as_in_the_paper_or_as_released(variants: tuple[str, ...], expected: float) -> None:
    values = {"rot": 1.2, "sup": 2.0, "vat": 0.1, "ent": 0.5}
    for stage in check(source("s4l_moam_imagenet"), variants=variants).unwrap().stages[:2]:
        weights = {t.name: t.weight.value for t in stage.terms if isinstance(t.weight, Constant)}
        assert sum(weights[name] * value for name, value in values.items()) == pytest.approx(expected)


PER_CLASS = {(): 128, ("one_percent",): 13, ("exemplar", "one_percent"): 13, ("all_labels",): None}


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("_imagenet")])
def test_the_labels_are_those_of_the_tables(name: str) -> None:
    for variants in (v for n, v in ROWS.values() if n == name and v in PER_CLASS):
        (labeled,) = (s for s in check(source(name), variants=variants).unwrap().streams if s.name == "labeled")
        expected = PER_CLASS[variants]
        assert labeled.size.value == (1_281_167 if expected is None else 1000 * expected)


def test_rotation_and_exemplar_differ_in_views_loss_batch_and_rate() -> None:
    views = [("stream.{}", "", "random_hsv"), ("stream.{}.random_inception_crop.count", "1", "8")]
    assert told("s4l_rotation_imagenet", SPECS / "s4l_exemplar_imagenet.ssl") == sorted(
        [
            ("rotation.angles", "head linear(2048, 4)", ""),
            ("exemplar.embeddings.linear", "", "head linear(2048, 1000)"),
            ("exemplar.embeddings.l2norm", "", "head l2norm(eps=1e-06)"),
            ("main.loss.ce", "rotate4", ""),
            *((path.format(stream), *rest) for stream in ("labeled", "unlabeled") for path, *rest in views),
            ("main.loss.rotation", "1 * rotation(labeled | unlabeled)", ""),
            ("main.loss.exemplar", "", "1 * exemplar(labeled | unlabeled, dim=1000)"),
            ("main.batch.labeled", "256", "512"),
            ("main.batch.unlabeled", "256", "512"),
            (
                "main.optimizer.lr",
                "0.03 · warmup(5ep) · step_decay(milestones=[140ep, 160ep, 180ep], delay=1)",
                "0.1 · warmup(10ep) · step_decay(milestones=[140ep, 160ep, 180ep], delay=1)",
            ),
        ]
    )


def told(name: str, *arguments: object) -> list[tuple[str, str, str]]:
    """Path, before and after of every difference that the command prints, in order; all are semantic."""
    lines = ssldsl("diff", SPECS / f"{name}.ssl", *arguments).stdout.splitlines()
    assert lines[0] == "semantic"
    return sorted(difference(line) for line in lines[1:])


def difference(line: str) -> tuple[str, str, str]:
    sign, path, what = re.sub(r" {3}\([^()]*\)$", "", line).split(maxsplit=2)
    before, _, after = what.partition(" -> ")
    return (path, before, after) if sign == "~" else (path, before, "") if sign == "-" else (path, "", before)


@pytest.mark.parametrize(("name", "arguments"), SMOKE.values(), ids=SMOKE)
def test_every_stage_runs(name: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = ssldsl("run", SPECS / f"{name}.ssl", "--smoke", "--no-progress", "--no-report", "-o", tmp_path, *arguments)
    assert done.return_value == 0, done.output
    (folder,) = tmp_path.iterdir()
    finished = {line["stage"] for line in map(json.loads, (folder / "metrics.jsonl").read_text("utf-8").splitlines())}
    variants = [name for flag, name in pairwise(arguments) if flag == "--variant"]
    assert finished == {stage.name for stage in check(source(name), variants=variants).unwrap().stages}

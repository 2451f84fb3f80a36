"""The report of a run."""

import json
import re
import shutil
from pathlib import Path

import pytest
from run_folders import evaluation_line, plan, stage, training_line, write_run
from web_pages import charts, curve, requests, words, wrong_tags

from ssldsl.errors import SpecError
from ssldsl.graph.plan import CombinedPlan, ConstantPlan, CurvePlan
from ssldsl.report.run.page import write_report

CONFUSED = [[8.0, 2.0], [1.0, 9.0]]
RAMP = CombinedPlan(op="*", left=ConstantPlan(value=0.3), right=CurvePlan(op="linear_ramp", settings={"length": 20.0}))
HOSTILE = '</script><img src="https://example.org/x" onerror=alert(1)>'


def page_of(folder: Path) -> str:
    return write_report(folder).read_text(encoding="utf-8")


def whole_run(folder: Path) -> Path:
    """Three stages with everything a run can have."""
    measured = {"top1": "accuracy", "nll": "mean", "confused": "confusion_counts"}
    first = stage("pretext", terms={"rotation": 1.0}, metrics={})
    second = stage("joint", terms={"ce": 1.0, "vat": RAMP}, metrics=measured, after=("pretext",))
    third = stage("retrain", terms={"ce": 1.0}, lr=None, after=("joint",))
    experiment = plan(first, second, third, seed=3, edits=["set run = 4ep", "drop retrain.entmin"])
    return write_run(folder, experiment, {"top1": 0.875, "nll": 2.5, "confused": CONFUSED})


def test_the_report_lies_in_the_run_folder(tmp_path: Path) -> None:
    assert write_report(write_run(tmp_path / "a", plan())) == tmp_path / "a" / "report.html"


def test_the_page_is_well_formed(tmp_path: Path) -> None:
    assert wrong_tags(page_of(whole_run(tmp_path / "a"))) == []


def test_the_page_asks_nothing_of_a_network(tmp_path: Path) -> None:
    assert requests(page_of(whole_run(tmp_path / "a"))) == []


@pytest.mark.parametrize("text", ["quick", "finished", "seed 3", "set run = 4ep", "0.8750", "joint, at the end"])
def test_the_head_says_what_was_run_and_what_came_out(tmp_path: Path, text: str) -> None:
    assert text in words(page_of(whole_run(tmp_path / "a")).split("<section")[0])


def test_every_stage_has_a_section(tmp_path: Path) -> None:
    text = words(page_of(whole_run(tmp_path / "a")))
    assert all(f"Stage {i} of 3: {name}" in text for i, name in ((1, "pretext"), (2, "joint"), (3, "retrain")))


def test_the_method_is_drawn(tmp_path: Path) -> None:
    page = page_of(write_run(tmp_path / "a", plan()))
    assert 'class="picture"' in page and "cannot be drawn" not in page


def test_links_lead_to_files_that_are_there(tmp_path: Path) -> None:
    page = page_of(write_run(tmp_path / "a", plan()))
    files = {path.name for path in (tmp_path / "a").iterdir()} - {"report.html"}
    assert all(f'href="{name}"' in page for name in files)


# --- curves ---------------------------------------------------------------------------------------------------------


def test_a_term_is_drawn_as_its_value_and_as_what_it_adds(tmp_path: Path) -> None:
    lines = [
        training_line("main", s, s / 10, {"ce": 1.0, "vat": v}, weight={"ce": 1.0, "vat": 0.3})
        for s, v in ((10, 2.0), (40, 4.0))
    ]
    page = page_of(write_run(tmp_path / "a", plan(), lines=lines))
    by_chart = [{line["name"]: line["y"] for line in chart["lines"]} for chart in charts(page)]
    assert by_chart[0] == {"ce": [1.0, 1.0], "vat": [0.6, 1.2], "total": [1.6, 2.2]}
    assert {"vat": [2.0, 4.0], "times its weight": [0.6, 1.2]} in by_chart


def test_schedules_are_the_functions_of_the_plan_and_not_its_records(tmp_path: Path) -> None:
    values = curve(page_of(write_run(tmp_path / "a", plan())), "lr")
    assert (values[0], values[10], values[20]) == pytest.approx(
        (0.1, 0.1 * (2 + 2**0.5) / 4, 0.05), rel=1e-4
    )  # cos 45°


def test_a_weight_that_changes_is_drawn_to_the_end_of_its_stage(tmp_path: Path) -> None:
    values = curve(page_of(whole_run(tmp_path / "a")), "weight of vat")
    assert (values[0], values[10], values[39]) == pytest.approx((0.0, 0.15, 0.3))


def test_a_schedule_that_nobody_knows_is_drawn_as_recorded(tmp_path: Path) -> None:
    unknown = stage(lr=CurvePlan(op="nobodys_schedule"))
    page = page_of(write_run(tmp_path / "a", plan(unknown)))
    assert "nobodys_schedule" in words(page) and set(curve(page, "lr").values()) == {0.1}


def test_many_lines_are_drawn_as_few_points(tmp_path: Path) -> None:
    lines = [training_line("main", s, s / 10_000, {"ce": 1.0, "vat": 1.0}) for s in range(1, 20_001)]
    page = page_of(write_run(tmp_path / "a", plan(stage(steps=20_000)), lines=lines))
    assert len(page) < 300_000 and max(curve(page, "total")) == 20_000


def test_a_confusion_matrix_is_told_in_numbers_and_words(tmp_path: Path) -> None:
    text = words(page_of(whole_run(tmp_path / "a")))
    assert "80.0% 90.0%" in text and "0 1 2 20.0% 1 0 1 10.0%" in text


def labeled_run(folder: Path, **labels: object) -> Path:
    """A run whose second stage begins with these labels."""
    both = plan(stage("first"), stage("second", after=("first",)))
    line = {"stage": "second", "step": 0, "epoch": 0.0, "labels": {"pseudo": labels}, "seconds": 1.0}
    return write_run(folder, both, lines=[line, training_line("second", 10, 1.0, {"ce": 1.0, "vat": 1.0})])


def test_the_labels_that_a_stage_begins_with_are_told(tmp_path: Path) -> None:
    counts = {"samples": 1437, "kept": 1200, "known": 20, "per_class": [0, 150, 1050], "agreement": 0.875}
    first, second = words(page_of(labeled_run(tmp_path / "a", **counts))).split("Stage 2 of 2: second")
    assert "Labels of" not in first.split("Stage 1 of 2: first")[1] and "Labels of pseudo" in second
    assert "1 200 of 1 437 samples are labeled, 20 of them known before; 87.5 % of the others" in second.replace(
        "\u202f", " "
    )
    assert "0 to 1 050 in a class, the median 150; 1 of 3 classes have none" in second.replace("\u202f", " ")
    assert "class 0 0 1 150 2 1050" in second  # under the bars the classes, above them how many there are


def test_of_many_classes_every_label_is_a_bar_without_its_number(tmp_path: Path) -> None:
    counts = {"samples": 4000, "kept": 4000, "known": 0, "per_class": [3, 5] * 500}
    page = page_of(labeled_run(tmp_path / "a", **counts))
    (bars,) = re.findall(r'd="([^"]*)" class="bar"', page)
    assert bars.count("z") == 1000 and "known" not in words(page).split("Labels of pseudo")[1].split("class")[0]


def test_a_single_evaluation_is_a_number_and_no_curve(tmp_path: Path) -> None:
    lines = [training_line("main", 40, 4.0, {"ce": 1.0, "vat": 1.0}), evaluation_line("main", 40, 4.0, {"top1": 0.5})]
    page = page_of(write_run(tmp_path / "a", plan(), {"top1": 0.5}, lines=lines))
    assert "0.5000 top1 at the end" in words(page) and "Evaluation" not in words(page)


# --- what is missing --------------------------------------------------------------------------------------------------


def test_an_interrupted_run_says_how_far_it_came(tmp_path: Path) -> None:
    lines = [training_line("main", 10, 1.0, {"ce": 1.0, "vat": 1.0}), evaluation_line("main", 10, 1.0, {"top1": 0.5})]
    text = words(page_of(write_run(tmp_path / "a", plan(), {}, lines=lines, status="interrupted")))
    assert all(part in text for part in ("interrupted", "10 of 40 steps", "0.5000", "after step 10"))


def test_a_stage_that_was_not_reached_says_so(tmp_path: Path) -> None:
    lines = [training_line("first", 10, 1.0, {"ce": 1.0, "vat": 1.0})]
    both = plan(stage("first"), stage("second", after=("first",)))
    assert "this stage was not reached" in words(page_of(write_run(tmp_path / "a", both, {}, lines=lines)))


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan(), status="failed", message="`vat` became NaN in step 91")
    assert "`vat` became NaN in step 91" in words(page_of(folder))


def test_what_went_otherwise_than_it_should_is_said(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan())
    assert "notes.txt" not in words(page_of(folder))
    (folder / "notes.txt").write_text("the checkpoint 00-main-00000009 is damaged\nthe run begins anew\n")
    text = words(page_of(folder))
    assert "the checkpoint 00-main-00000009 is damaged" in text and "the run begins anew" in text


def test_a_killed_run_says_that_nobody_knows(tmp_path: Path) -> None:
    assert "still running, or killed" in words(page_of(write_run(tmp_path / "a", plan(), status=None)))


def test_a_spec_that_cannot_be_checked_any_more_is_said(tmp_path: Path) -> None:
    text = words(page_of(write_run(tmp_path / "a", plan(), spec="ssl 1\nloss = nonsense(\n")))
    assert "The method cannot be drawn: `(` opened on line 2 is never closed" in text


def test_without_its_request_the_method_is_drawn_from_the_resolved_spec(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan())
    (folder / "request.json").write_text("{")
    assert 'class="picture"' in page_of(folder)


def test_a_plan_alone_makes_a_page(tmp_path: Path) -> None:
    whole = write_run(tmp_path / "a", plan())
    bare = tmp_path / "b"
    bare.mkdir()
    shutil.copy(whole / "plan.json", bare)
    page = page_of(bare)
    assert wrong_tags(page) == [] and "No metric was computed yet" in words(page)


def test_a_page_is_written_anew(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan(), status=None)
    before = page_of(folder)
    summary = {"status": "finished", "seconds": 1.0, "stages": {"main": {"top1": 0.25}}, "message": ""}
    (folder / "summary.json").write_text(json.dumps(summary))
    assert "0.2500" in page_of(folder) and "0.2500" not in before


def test_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="R305"):
        write_report(tmp_path)


def test_names_and_messages_are_never_markup(tmp_path: Path) -> None:
    odd = stage(terms={HOSTILE: 0.5, "ce": 1.0}, metrics={HOSTILE: "accuracy"})
    experiment = plan(odd, name=HOSTILE, edits=[HOSTILE])
    folder = write_run(tmp_path / "a", experiment, {HOSTILE: 0.5}, message=HOSTILE, spec=f"ssl 1\n# {HOSTILE}\n")
    page = page_of(folder)
    assert "<img" not in page and wrong_tags(page) == [] and words(page).count(HOSTILE) > 5

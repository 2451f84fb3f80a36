"""Reading run folders, whole and broken."""

from collections.abc import Callable
from pathlib import Path

import pytest
from run_folders import plan, stage, write_run

from ssldsl.errors import SpecError
from ssldsl.graph.plan import VERSION
from ssldsl.report.folder import read_run, read_runs


def code(call: Callable[[], object]) -> str:
    with pytest.raises(SpecError) as caught:
        call()
    return caught.value.diagnostics[0].code


def test_a_run_without_summary_has_not_ended(tmp_path: Path) -> None:
    assert read_run(write_run(tmp_path / "a", plan(), status=None)).status == "open"


def test_the_last_evaluation_stands_in_for_a_missing_summary(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "a", plan(), {"top1": 0.8}, status=None))
    assert run.metrics("main") == {"top1": 0.8}


def test_a_line_that_a_kill_cut_off_is_left_out_and_counted(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan())
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "main", "st')
    run = read_run(folder)
    assert (len(run.lines), run.broken) == (8, 1)


def test_values_that_are_no_numbers_are_no_points(tmp_path: Path) -> None:
    lines = [{"stage": "main", "step": s, "total": v} for s, v in ((1, 2.0), (2, float("nan")), (3, None), (4, 1.0))]
    run = read_run(write_run(tmp_path / "a", plan(), lines=lines))
    assert run.points("main", "total") == ((1, 4), (2.0, 1.0))


@pytest.mark.parametrize("name", ["metrics.jsonl", "lock.json", "summary.json"])
def test_files_beside_the_plan_may_be_missing_or_damaged(tmp_path: Path, name: str) -> None:
    folder = write_run(tmp_path / "a", plan())
    (folder / name).write_bytes(b"\xff{")
    read_run(folder)
    (folder / name).unlink()
    assert read_run(folder).plan == plan()


def test_a_folder_of_runs_gives_its_runs_by_number_the_least_edited_first(tmp_path: Path) -> None:
    for name, edits in (("r-drop-1", ["drop vat"]), ("r-10", []), ("r-9", [])):
        write_run(tmp_path / name, plan(edits=edits))
    (tmp_path / "notes").mkdir()
    assert [run.path.name for run in read_runs([tmp_path])] == ["r-9", "r-10", "r-drop-1"]


def test_a_run_named_twice_is_one_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan())
    assert len(read_runs([folder, tmp_path, folder])) == 1


def test_folders_that_hold_no_run_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    assert [code(lambda n=n: read_runs([tmp_path / n])) for n in ("file", "empty", "missing")] == ["R305"] * 3


def test_a_plan_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan())
    text = (folder / "plan.json").read_text()
    (folder / "plan.json").write_text(text.replace('"modules"', '"nets"'))
    assert code(lambda: read_run(folder)) == "R306"


def test_a_plan_of_an_older_form_is_refused_by_its_number(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", plan())
    text = (folder / "plan.json").read_text()
    (folder / "plan.json").write_text(text.replace(f'"version":{VERSION}', '"version":1'))
    with pytest.raises(SpecError, match=f"its form is number 1, and this ssldsl reads number {VERSION}"):
        read_run(folder)


def test_steps_are_those_of_the_stage(tmp_path: Path) -> None:
    both = plan(stage("first", steps=8), stage("second", steps=40))
    run = read_run(write_run(tmp_path / "a", both))
    assert (run.steps_done("first"), run.steps_done("second")) == (8, 40)

"""The folder of a run explains it."""

import csv
import json
from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, experiment

from ssldsl.errors import SpecError
from ssldsl.runtime.folder.records import MetricsFiles, claim_folder
from ssldsl.runtime.folder.run_folder import read_lines, read_plan
from ssldsl.runtime.run import Options, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    texts = {"spec.ssl": "ssl 1\n", "resolved.ssl": "ssl 1\n# everything\n"}
    run(experiment("run=100it", "evaluate=50it"), folder, LIBRARY, Options(texts=texts, identity="abc"))
    return folder


def test_the_folder_holds_every_record(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    files = {"spec.ssl", "resolved.ssl", "plan.json", "lock.json", "metrics.jsonl", "metrics.csv", "summary.json"}
    assert names == {*files, "checkpoints"}


def test_the_plan_is_kept_as_it_ran(folder: Path) -> None:
    assert read_plan(folder) == experiment("run=100it", "evaluate=50it")


def test_the_lock_names_versions_data_and_identity(folder: Path) -> None:
    lock = json.loads((folder / "lock.json").read_text())
    assert lock["versions"]["torch"] == torch.__version__
    assert lock["identity"] == "abc"
    assert all(len(digest) == 64 for digest in lock["data"]["main"].values())


def test_a_line_is_the_mean_of_its_window(folder: Path) -> None:
    lines = [line for line in read_lines(folder)[0] if "loss" in line]
    assert [line["step"] for line in lines] == list(range(2, 101, 2))
    terms = lines[0]["loss"]
    half_cosine = 0.5 * (terms["vat"] + terms["vat"])
    assert set(terms) == {"ce", "rotation", "vat"}
    assert lines[0]["total"] == pytest.approx(terms["ce"] + 0.7 * terms["rotation"] + half_cosine, rel=1e-3)


def test_the_rate_in_the_records_is_the_schedule(folder: Path) -> None:
    lines = [line for line in read_lines(folder)[0] if "loss" in line]
    middle = next(line for line in lines if line["step"] == 52)
    assert lines[0]["lr"] == pytest.approx(0.99975, abs=1e-5)  # (1 + cos(pi / 100)) / 2, the step before the second
    assert middle["lr"] == pytest.approx(0.48429, abs=1e-5)  # (1 + cos(51 pi / 100)) / 2


def test_csv_and_json_lines_agree(folder: Path) -> None:
    lines = read_lines(folder)[0]
    rows = list(csv.DictReader((folder / "metrics.csv").open()))
    assert [row["loss.ce"] for row in rows] == [str(line.get("loss", {}).get("ce", "")) for line in lines]
    assert rows[-1]["eval.top1"] == str(lines[-1]["eval"]["top1"])


def test_evaluations_are_recorded_when_due_and_at_the_end(folder: Path) -> None:
    lines = [line for line in read_lines(folder)[0] if "eval" in line]
    assert [line["step"] for line in lines] == [50, 100]
    assert sum(map(sum, lines[-1]["eval"]["confused"])) == 360


def test_the_summary_has_the_last_metrics(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "finished"
    assert summary["stages"]["main"]["top1"] == read_lines(folder)[0][-1]["eval"]["top1"]


def test_run_folders_are_numbered(tmp_path: Path) -> None:
    names = [claim_folder(tmp_path, "quickstart-s0").name for _ in range(3)]
    assert names == ["quickstart-s0-1", "quickstart-s0-2", "quickstart-s0-3"]
    (tmp_path / "quickstart-s0-1").rmdir()
    assert claim_folder(tmp_path, "quickstart-s0").name == "quickstart-s0-4"


def test_records_that_lost_lines_are_not_continued(tmp_path: Path) -> None:
    files = MetricsFiles(tmp_path, ("stage", "step"))
    files.write({"stage": "main", "step": 1})
    sizes = files.sizes()
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(SpecError, match=r"R408.*`metrics.jsonl` in .* has lost lines"):
        files.cut_back(sizes)
    assert (tmp_path / "metrics.jsonl").read_bytes() == b""


def test_cut_back_forgets_later_lines(tmp_path: Path) -> None:
    files = MetricsFiles(tmp_path, ("stage", "step"))
    files.write({"stage": "main", "step": 1})
    sizes = files.sizes()
    files.write({"stage": "main", "step": 2})
    files.cut_back(sizes)
    files.write({"stage": "main", "step": 3})
    files.close()
    assert (tmp_path / "metrics.csv").read_text() == "stage,step\nmain,1\nmain,3\n"

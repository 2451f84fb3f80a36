"""Trackers get the numbers of the records, under names that tell stage and kind."""

import os
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from accelerate.tracking import GeneralTracker
from experiments import LIBRARY, experiment

from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.folder.trackers import Trackers, keep_here
from ssldsl.runtime.run import Options, run


class Remembering(GeneralTracker):
    """A tracker of Accelerate's that keeps what it is given."""

    name, requires_logging_directory = "remembering", False

    def __init__(self) -> None:
        super().__init__()
        self.logged: list[tuple[int | None, dict[str, float]]] = []
        self.is_finished = False

    @property
    def tracker(self) -> None:
        """What the tracker is made of: nothing."""

    def log(self, values: dict[str, float], step: int | None = None, **settings: Any) -> None:
        self.logged.append((step, values))

    def finish(self) -> None:
        self.is_finished = True


def test_a_tracker_gets_the_numbers_of_a_line_and_no_matrix() -> None:
    tracker = Remembering()
    trackers = Trackers((tracker,))
    trackers.log({"stage": "main", "step": 3, "loss": {"vat": 0.5}, "lr": 0.1, "seconds": 2.0}, 13)
    trackers.log({"stage": "main", "step": 3, "eval": {"top1": 0.9, "confusion_matrix": [[1.0]]}}, 13)
    trackers.finish()
    first = {"main/loss/vat": 0.5, "main/lr": 0.1, "main/seconds": 2.0}
    assert tracker.logged == [(13, first), (13, {"main/eval/top1": 0.9})]
    assert tracker.is_finished


def test_tensorboard_shows_the_losses_of_the_records(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run(experiment("run=2it"), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, trackers=("tensorboard",)))
    found = events.EventAccumulator(str(tmp_path / "run" / "tracking" / "quickstart"))
    found.Reload()
    shown = [(event.step, event.value) for event in found.Scalars("main/loss/vat")]
    recorded = [(line["step"], line["loss"]["vat"]) for line in read_lines(tmp_path / "run")[0] if "loss" in line]
    assert shown == [(step, pytest.approx(value)) for step, value in recorded]


def whole_records(file: bytes) -> bytes:
    """What a file of W&B's records holds, without the heads of seven bytes before each piece of a block of 32 KiB.

    A record that reaches over the end of a block is cut there, in the middle of a name perhaps.
    """
    block, pieces, at = 32 * 1024, [], 7  # the file begins with a head of its own
    while at + 7 <= len(file):
        left = block - at % block
        size = int.from_bytes(file[at + 4 : at + 6], "little")
        if left < 7 or not size:
            at += left
            continue
        pieces.append(file[at + 7 : at + 7 + size])
        at += 7 + size
    return b"".join(pieces)


def test_weights_and_biases_keeps_a_run_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "to be put back")
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_SILENT", "true")
    run(experiment("run=2it"), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, trackers=("wandb",)))
    (kept,) = (tmp_path / "run" / "tracking").glob("wandb/offline-run-*/run-*.wandb")
    for _ in range(600):  # a process of W&B's own writes the file, and may be at it when the run has ended
        content = whole_records(kept.read_bytes())
        found = {name for name in (b"main/loss/vat", b"main/eval/top1") if name in content}
        if len(found) == 2:
            break
        time.sleep(0.1)
    assert found == {b"main/loss/vat", b"main/eval/top1"}


def test_mlflow_keeps_a_run_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(package)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "to be put back")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    trackers = Trackers.start(["mlflow"], tmp_path, experiment("run=2it"))
    trackers.log({"stage": "main", "step": 3, "loss": {"vat": 0.5}, "eval": {"top1#2": 0.9}}, 13)
    trackers.finish()
    with closing(sqlite3.connect(tmp_path / "tracking" / "mlflow.db")) as store:
        kept = store.execute("select key, value, step from metrics").fetchall()
        (name,) = store.execute("select name from runs").fetchone()
    assert sorted(kept) == [("main/eval/top1_2", 0.9, 13), ("main/loss/vat", 0.5, 13)]
    assert name == tmp_path.name


def test_a_server_that_mlflow_is_told_of_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for uri in ("https://tracking.example", "sqlite:////home/me/mine.db"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        keep_here(tmp_path / "tracking")
        assert os.environ["MLFLOW_TRACKING_URI"] == uri
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////runs/before/tracking/mlflow.db")
    keep_here(tmp_path / "tracking")
    assert os.environ["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path}/tracking/mlflow.db"


def test_comet_keeps_an_archive_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("comet_ml")
    for name in ("COMET_API_KEY", "COMET_OFFLINE_DIRECTORY"):
        monkeypatch.setenv(name, "to be put back")
        monkeypatch.delenv(name)
    trackers = Trackers.start(["comet_ml"], tmp_path, experiment("run=2it"))
    trackers.log({"stage": "main", "step": 3, "loss": {"vat": 0.5}}, 13)
    trackers.finish()
    (archive,) = (tmp_path / "tracking").glob("*.zip")
    with zipfile.ZipFile(archive) as kept:
        assert b'"metricName":"main/loss/vat","metricValue":0.5,"step":13' in kept.read("messages.json")

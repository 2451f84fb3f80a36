"""The folder of a run, as one process keeps it: begun, continued after checking that it is the same run, and ended."""

import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from attrs import define

from ssldsl import __version__
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Plan
from ssldsl.runtime.failures import explaining_disk
from ssldsl.runtime.folder.checkpoint import (
    Checkpoint,
    Tensors,
    latest,
    read_state,
    remove_old,
    removed_if_unfinished,
    set_damaged_aside,
    write_checkpoint,
    write_file,
)
from ssldsl.runtime.folder.records import Line, MetricsFiles, columns, new_folder, write_json
from ssldsl.runtime.folder.run_folder import CHECKPOINTS, LOCK, NOTES, PLAN, SUMMARY, read_lock, read_notes, read_plan

Difference = Callable[[str], Sequence[str]]  # identity of the experiment in the folder -> what differs from it
KEPT = 2  # checkpoints beside those at the ends of stages


@define
class Ledger:
    """Writes the records of one run. Only the main process has one."""

    folder: Path
    files: MetricsFiles
    seconds: float = 0.0  # of earlier sittings
    _since: float = 0.0
    notes: tuple[str, ...] = ()  # of this sitting

    @staticmethod
    def begin(folder: Path, plan: Plan, texts: Mapping[str, str], lock: Mapping[str, Any]) -> "Ledger":
        """A new run folder. `texts`: file name -> content, such as the spec as it was given."""
        with explaining_disk(folder):
            with removed_if_unfinished(new_folder(folder)):
                for name, text in texts.items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    write_file(folder / name, text.encode())
                write_file(folder / PLAN, (plan.model_dump_json(indent=1) + "\n").encode())
                write_json(folder / LOCK, dict(lock))
                (folder / CHECKPOINTS).mkdir()
            return Ledger(folder, MetricsFiles(folder, columns(plan)), since=time.monotonic())

    @staticmethod
    def resume(folder: Path, plan: Plan, lock: Mapping[str, Any], difference: Difference | None) -> "Ledger":
        """An old run folder, if it is of the same experiment; lines after its latest checkpoint are forgotten."""
        check_same(folder, plan, lock, difference)
        with explaining_disk(folder):
            files = MetricsFiles(folder, columns(plan))
            damaged = set_damaged_aside(folder / CHECKPOINTS)
            found = latest(folder / CHECKPOINTS)
            state = read_state(found) if found is not None else {}
            files.cut_back(state["files"] if state else files.empty_sizes())
            notes = _notes(damaged, found)
            _append_notes(folder, notes)
        return Ledger(folder, files, state.get("seconds", 0.0), time.monotonic(), notes)

    def elapsed(self) -> float:
        """Seconds that the run has taken, over all sittings."""
        return self.seconds + time.monotonic() - self._since

    def record(self, line: Line) -> None:
        with explaining_disk(self.folder):
            self.files.write({**line, "seconds": round(self.elapsed(), 3)})

    def note(self, texts: Iterable[str]) -> list[str]:
        """Keep what a person should know in notes.txt. Gives what is new of it."""
        known = read_notes(self.folder)
        new = [text for text in dict.fromkeys(texts) if text not in known]
        with explaining_disk(self.folder):
            _append_notes(self.folder, new)
        return new

    def save(
        self, *, number: int, stage: str, step: int, is_end: bool, tensors: Tensors, state: dict[str, Any]
    ) -> None:
        """Write a checkpoint that knows how far the records were, and remove the oldest."""
        checkpoints = self.folder / CHECKPOINTS
        with explaining_disk(self.folder):
            self.files.sync()
            whole = {**state, "files": self.files.sizes(), "seconds": self.elapsed()}
            write_checkpoint(
                checkpoints, number=number, stage=stage, step=step, is_end=is_end, tensors=tensors, state=whole
            )
            remove_old(checkpoints, KEPT)

    def end(self, status: str, stages: Mapping[str, Any], message: str = "") -> None:
        """Write how the run ended."""
        summary = {"status": status, "seconds": round(self.elapsed(), 3), "stages": dict(stages), "message": message}
        with explaining_disk(self.folder):
            write_json(self.folder / SUMMARY, summary)

    def close(self) -> None:
        self.files.close()


def _notes(damaged: Sequence[str], found: Checkpoint | None) -> tuple[str, ...]:
    """What is said of damaged checkpoints, and where the run goes on instead."""
    if not damaged:
        return ()
    where = f"the run goes on from {found.folder.name}" if found is not None else "the run begins anew"
    return (*damaged, f"{where}: the steps after it are taken once more")


def _append_notes(folder: Path, notes: Sequence[str]) -> None:
    if notes:
        with (folder / NOTES).open("a", encoding="utf-8") as file:
            file.writelines(f"{note}\n" for note in notes)


def make_lock(
    plan: Plan, identity: str, data: Mapping[str, Mapping[str, str]], weights: Mapping[str, str]
) -> dict[str, Any]:
    """What the run depends on: versions, digests of ops, data and weights, the repository that it runs in."""
    packages = ("torchvision", "accelerate", "numpy", "safetensors")
    return {
        "identity": identity,
        "seed": plan.seed,
        "versions": {
            "ssldsl": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            **{name: version(name) for name in packages},
        },
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "ops": dict(plan.ops),
        "data": {stage: dict(digests) for stage, digests in data.items()},
        "weights": dict(weights),
        "git": git_state(),
    }


def git_state() -> dict[str, Any] | None:
    """Commit of the working directory and whether it has changes, or nothing outside a repository."""
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "has_changes": bool(_git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def check_same(folder: Path, plan: Plan, lock: Mapping[str, Any], difference: Difference | None) -> None:
    """Refuse to continue a run of another experiment, with other ops, on other data, or of another ssldsl."""
    before = read_lock(folder)
    read_plan(folder)
    found: list[str] = []
    if before["identity"] != lock["identity"] or before["seed"] != lock["seed"]:
        found += difference(before["identity"]) if difference is not None else []
        found = found or ["the spec has another meaning"]
    found += _changes("the source of the op", before["ops"], lock["ops"])
    for stage in plan.stages:
        changed = _changed(before["data"].get(stage.name, {}), lock["data"][stage.name])
        names = {stream.data: f"stream `{stream.name}`" for stream in stage.streams}
        whose = dict.fromkeys(names.get(id_, "an evaluation") for id_ in changed)
        found += [f"the data of {name} in stage `{stage.name}` have changed" for name in whose]
    found += _changes("what the spec takes over from", before.get("weights", {}), lock["weights"])
    if found:
        raise SpecError(
            Diagnostic(
                "R410",
                f"the run in {folder} cannot be continued: it is not the same experiment any more",
                hints=tuple(found),
                help="start a new run, or restore what has changed",
            )
        )


def _changes(what: str, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [f"{what} `{name}` has changed" for name in _changed(before, now)]


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]

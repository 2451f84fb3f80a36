"""A run folder as it lies on the disk, whole or not: read without torch, and without trust that the run has ended."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ssldsl.graph.plan import Plan
from ssldsl.runtime.folder.run_folder import (
    LOCK,
    REQUEST,
    Line,
    is_run,
    read_lines,
    read_notes,
    read_object,
    read_plan,
    read_summary,
)

Points = tuple[tuple[int, ...], tuple[float, ...]]  # steps, and a value at each


@frozen
class RunFolder:
    """What a run folder holds. `summary` is empty until a run ends; `broken`: lines of the records that are none.

    request: what was asked for, with variants by their names.
    """

    path: Path
    plan: Plan
    lock: Mapping[str, Any]
    summary: Mapping[str, Any]
    lines: tuple[Line, ...] = field(repr=False)
    broken: int = 0
    request: Mapping[str, Any] = field(factory=dict, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def edits(self) -> tuple[str, ...]:
        """What was changed of the spec, in the words of who ran it: `finetuned`, `run=5ep`, `drop vat`."""
        variants = self.request.get("variants", [])
        if not variants:
            return tuple(edit.removeprefix("set ") for edit in self.plan.edits)
        return (*variants, *self.request["sets"], *(f"drop {term}" for term in self.request["drops"]))

    @property
    def status(self) -> str:
        """`finished`, `interrupted`, `failed`; `open` where nobody wrote how the run ended."""
        return str(self.summary.get("status", "open"))

    @property
    def is_finished(self) -> bool:
        return self.status == "finished"

    @property
    def seconds(self) -> float:
        """Seconds that the run took, or had taken when its last line was written."""
        last = self.lines[-1].get("seconds", 0.0) if self.lines else 0.0
        return float(self.summary.get("seconds", last))

    def lines_of(self, stage: str, key: str) -> Iterator[Line]:
        """The lines of a stage that say something about `key`: `total` for training, `eval` for metrics."""
        return (line for line in self.lines if line.get("stage") == stage and key in line)

    def steps_done(self, stage: str) -> int:
        """Steps of a stage that the records know of."""
        return max((int(line["step"]) for line in self.lines if line.get("stage") == stage), default=0)

    def points(self, stage: str, key: str, name: str = "") -> Points:
        """Every finite value of `key`, or of `name` under it, with the step it was recorded at."""
        found = []
        for line in self.lines_of(stage, key):
            value = line[key].get(name) if name else line[key]
            if isinstance(value, int | float) and math.isfinite(value):
                found.append((int(line["step"]), float(value)))
        return tuple(step for step, _ in found), tuple(value for _, value in found)

    def metrics(self, stage: str) -> dict[str, Any]:
        """The last evaluation of a stage: numbers, and matrices as lists of rows."""
        recorded = {k: v for line in self.lines_of(stage, "eval") for k, v in line["eval"].items()}
        return {**recorded, **self.summary.get("stages", {}).get(stage, {})}


def read_run(path: Path) -> RunFolder:
    """The run in a folder; a `SpecError` if there is none."""
    plan = read_plan(path)
    lines, broken = read_lines(path)
    lock, request = read_object(path / LOCK), read_object(path / REQUEST)
    return RunFolder(path, plan, lock, read_summary(path), lines, broken, request, read_notes(path))


def read_runs(paths: list[Path]) -> list[RunFolder]:
    """The runs in some folders and directly inside them, each once; of a folder of runs the least edited first."""
    found: dict[Path, RunFolder] = {}
    for path in paths:
        inside = [] if is_run(path) or not path.is_dir() else [p for p in path.iterdir() if is_run(p)]
        runs = [read_run(run) for run in sorted(inside, key=_natural)] or [read_run(path)]
        for run in sorted(runs, key=lambda r: len(r.plan.edits)):
            found.setdefault(run.path.resolve(), run)
    return list(found.values())


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts `run-10` after `run-9`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]

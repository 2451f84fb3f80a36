"""A run folder: the name of every file in it, what each is for, and how it is read.

It is read without torch, and without trust that the run has ended: a kill can leave any of the files out or cut off.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssldsl.errors import Diagnostic, SpecError

if TYPE_CHECKING:  # its pydantic models take time that `check`, which knows what a request is, does not have
    from ssldsl.graph.plan import Plan

SPEC, RESOLVED, REQUEST = "spec.ssl", "resolved.ssl", "request.json"
PLAN, LOCK = "plan.json", "lock.json"
METRICS, TABLE, SUMMARY, NOTES = "metrics.jsonl", "metrics.csv", "summary.json", "notes.txt"
CLASSES = "classes.json"
REPORT = "report.html"
ARRAYS, CHECKPOINTS, DERIVED, PICTURES = "arrays", "checkpoints", "derived", "pictures"  # folders
TRACKING, USED = "tracking", "used"

FILES = {
    SPEC: "the spec as it was given",
    RESOLVED: "the whole experiment, nothing left implicit",
    REQUEST: "what the command asked for",
    PLAN: "what was run",
    LOCK: "versions, digests of ops and data",
    METRICS: "every recorded line",
    TABLE: "the same as a table",
    SUMMARY: "how the run ended",
    NOTES: "what a person should know of the data and of how it went",
    CLASSES: "what the labels stand for",
}
RARE = (NOTES, CLASSES)  # there only where there is something to say

Line = Mapping[str, Any]


def picture_name(stage: str, evaluation: str) -> str:
    """The name of the file of a picture."""
    return f"{stage}-{evaluation}.csv"


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run."""
    return (folder / PLAN).is_file()


def read_plan(folder: Path) -> "Plan":
    """The plan of a run. Raises R305 where there is no run, R306 for a plan of another version."""
    from ssldsl.graph.plan import parse_plan

    if not is_run(folder):
        raise SpecError(_no_run(folder))
    return parse_plan((folder / PLAN).read_bytes(), folder)


def read_lock(folder: Path) -> dict[str, Any]:
    """What the run depends on. Raises R410 where there is no run, R408 where the file is damaged."""
    path = folder / LOCK
    if not path.is_file():
        raise SpecError(Diagnostic("R410", f"{folder} is no run folder", help="give the folder that `ssldsl run` made"))
    lock = read_object(path)
    if not lock:
        message = f"{path} is damaged: what the run depends on cannot be read from it"
        raise SpecError(Diagnostic("R408", message, help="put the file back, or start a new run"))
    return lock


def read_summary(folder: Path) -> dict[str, Any]:
    """How the run ended: `status`, `seconds`, `stages`, `message`. Empty while it runs, and after it was killed."""
    return read_object(folder / SUMMARY)


def read_lines(folder: Path) -> tuple[tuple[Line, ...], int]:
    """The lines of the records, and how many cannot be read: a kill can cut off the last."""
    try:
        texts = (folder / METRICS).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return (), 0
    lines = []
    for text in texts:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and "stage" in line and "step" in line:
            lines.append(line)
    return tuple(lines), len(texts) - len(lines)


def read_notes(folder: Path) -> tuple[str, ...]:
    """What a person should know of the data and of how the run went, a line each; often nothing."""
    try:
        return tuple((folder / NOTES).read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object; empty where the file is missing, cut off or something else."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _no_run(path: Path) -> Diagnostic:
    if not path.exists():
        message = f"there is no folder {path}"
    elif not path.is_dir():
        message = f"{path} is a file, not the folder of a run"
    else:
        message = f"{path} is not the folder of a run, and holds none: it has no {PLAN}"
    return Diagnostic("R305", message, help="give folders that `ssldsl run` made, or a folder of them such as `runs`")

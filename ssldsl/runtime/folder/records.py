"""The records of a run: a folder that explains itself.

    spec.ssl resolved.ssl plan.json lock.json      what was asked for, with what versions, ops and data
    metrics.jsonl metrics.csv                      one line per logged step, one per evaluation
    checkpoints/ summary.json                      the weights; how it ended

A line of metrics.jsonl about training holds the means over the steps since the line before it. One about evaluation
holds the metrics: numbers, null for what is none, lists of them, or `{"file", "shape"}` of what is too long for a line.
Steps are those done in the stage; `rates` stands there where modules learn at different rates, `watch` where something
is watched:

    {"stage", "step", "epoch", "loss": {term: value}, "total", "lr", "weight": {term: value}, "watch": {name: value},
     "images_per_second", "seconds"}
    {"stage", "step", "epoch", "eval": {name: result}, "seconds"}

A stage that begins with labels computed by an earlier one has a line about them, at step 0 and not in metrics.csv:

    {"stage", "step", "epoch", "labels": {stream: {"samples", "kept", "known", "per_class", "agreement"}}, "seconds"}
"""

import csv
import errno
import io
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Plan
from ssldsl.graph.results import result_names
from ssldsl.runtime.folder.checkpoint import sync_folder, write_whole
from ssldsl.runtime.folder.run_folder import METRICS, TABLE

Line = dict[str, Any]
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)  # of file systems that cannot lock
TIMINGS = ("images_per_second", "seconds")  # what differs between two runs that are the same


def claim_folder(parent: Path, stem: str) -> Path:
    """A new folder `<stem>-<n>` in `parent`, with the first number that nobody has."""
    try:
        return _claim(parent, stem)
    except OSError as error:
        raise SpecError(
            Diagnostic(
                "R302",
                f"no run folder can be made in `{parent}`: {error.strerror or error}",
                help="name another place with `--out`",
            )
        ) from error


def _claim(parent: Path, stem: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    taken = [path.name.removeprefix(f"{stem}-") for path in parent.glob(f"{stem}-*")]
    number = max((int(text) for text in taken if text.isdigit()), default=0) + 1
    while True:
        try:
            (parent / f"{stem}-{number}").mkdir()
        except FileExistsError:  # another run was faster
            number += 1
        else:
            return parent / f"{stem}-{number}"


def new_folder(folder: Path) -> Path:
    """`folder`, which must not exist yet or be empty: a run is never overwritten."""
    if folder.exists() and any(folder.iterdir()):
        raise SpecError(
            Diagnostic(
                "R409",
                f"{folder} holds a run already, and a run is never overwritten",
                help=f"choose another folder, or continue that run with `ssldsl resume {folder}`",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(path: Path, value: object) -> None:
    """Put a JSON file in place whole."""
    write_whole(path, (json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def columns(plan: Plan) -> tuple[str, ...]:
    """The columns of metrics.csv: known before the first step, the same for every stage."""
    terms = dict.fromkeys(term.name for stage in plan.stages for term in stage.terms)
    watches = dict.fromkeys(watch.name for stage in plan.stages for watch in stage.watches)
    metrics = dict.fromkeys(name for stage in plan.stages for name in result_names(stage))
    kinds = {"loss": terms, "weight": terms, "watch": watches, "eval": metrics}
    named = [f"{kind}.{name}" for kind, names in kinds.items() for name in names]
    return ("stage", "step", "epoch", "total", "lr", *named, *TIMINGS)


class MetricsFiles:
    """metrics.jsonl and metrics.csv, line by line; `sizes` is what a checkpoint keeps and `cut_back` returns to.

    While they are open no other process has them: two that write one run folder would spoil it. Raises R433.
    """

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._folder, self._names = folder, names
        self._files: dict[str, BinaryIO] = {}
        for name in (METRICS, TABLE):
            self._files[name] = (folder / name).open("ab")
        _lock(self._files[TABLE], folder)
        if not self.sizes()[TABLE]:
            self._append(TABLE, _csv_row(names))
        sync_folder(folder)

    def write(self, line: Line) -> None:
        """Append one line to both files."""
        self._append(METRICS, json.dumps(_plain(line), ensure_ascii=False, allow_nan=False) + "\n")
        if "labels" in line:
            return
        cells = _cells(line)
        self._append(TABLE, _csv_row([cells.get(name, "") for name in self._names]))

    def sizes(self) -> dict[str, int]:
        """Size of each file in bytes."""
        return {name: os.fstat(file.fileno()).st_size for name, file in self._files.items()}

    def empty_sizes(self) -> dict[str, int]:
        """The sizes before the first line."""
        return {METRICS: 0, TABLE: len(_csv_row(self._names).encode())}

    def sync(self) -> None:
        """Force what was written to the disk."""
        for file in self._files.values():
            os.fsync(file.fileno())

    def cut_back(self, sizes: Mapping[str, int]) -> None:
        """Forget the lines after a checkpoint. Raises R408 where some of those before it are gone."""
        found = self.sizes()
        for name, file in self._files.items():
            if found[name] < sizes[name]:
                message = f"`{name}` in {self._folder} has lost lines that the checkpoint counts on"
                raise SpecError(Diagnostic("R408", message, help="put the file back, or start a new run"))
            file.truncate(sizes[name])

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def _append(self, name: str, text: str) -> None:
        self._files[name].write(text.encode())
        self._files[name].flush()


def _lock(file: BinaryIO, folder: Path) -> None:
    """Lock a file for this process: until it closes the file or dies, however it dies. Not for its children."""
    if os.name != "posix":
        return
    import fcntl  # here: it is not everywhere

    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        message = f"the run in {folder} is going on in another process"
        raise SpecError(Diagnostic("R433", message, help="wait for its end, or stop it with Ctrl-C there")) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def _plain(value: Any) -> Any:
    """The value with null where a number is infinite or none: JSON has no word for these."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _csv_row(cells: object) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)  # type: ignore[arg-type]  # any sequence
    return buffer.getvalue()


def _cells(line: Line) -> dict[str, Any]:
    """A line as cells; arrays stand in metrics.jsonl, or in files, alone."""
    cells = {name: value for name, value in line.items() if not isinstance(value, dict)}
    for kind in ("loss", "weight", "watch", "eval"):
        cells |= {f"{kind}.{k}": v for k, v in line.get(kind, {}).items() if not isinstance(v, list | dict)}
    return cells

"""Errors of one process among several: whether the main one met the same, or another process is gone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from ssldsl.errors import Diagnostic, LostProcess, OwnError, SpecError
from ssldsl.runtime.failures import is_lost_process, last_good
from ssldsl.runtime.folder.run_folder import SUMMARY, read_summary

PATIENCE = 5.0  # seconds that the main process may be behind


@contextmanager
def explaining_processes(folder: Path) -> Iterator[None]:
    """Inside, the end of another process becomes a message; what went wrong is said there."""
    try:
        yield
    except RuntimeError as error:
        if not is_lost_process(error):
            raise
        message = "another process of this run has ended, so that this one cannot go on"
        help_ = f"that process says why; continue with `ssldsl resume {folder}`"
        raise LostProcess(Diagnostic("R432", message, hints=last_good(folder), help=help_)) from error


def attribute_to_process(error: SpecError, folder: Path, since: float, process: str) -> SpecError:
    """The error, marked as this process's own unless the main process failed of the same `since` the run began."""
    if isinstance(error, LostProcess):
        return error
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if _failure(folder, since) == error.diagnostics[0].message or not folder.exists():
            return error  # where the folder is gone the main process has refused the run, and says why
        time.sleep(0.1)
    return OwnError(evolve(d, hints=(f"in {process} alone", *d.hints)) for d in error.diagnostics)


def _failure(folder: Path, since: float) -> str | None:
    """What the main process says it failed of."""
    try:
        is_new = (folder / SUMMARY).stat().st_mtime >= since
    except OSError:  # it is not there yet
        return None
    return read_summary(folder).get("message") if is_new else None

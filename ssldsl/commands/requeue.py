"""`--requeue`: a command that a scheduler starts again goes on with what it has begun."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from attrs import evolve

from ssldsl.commands.options import say
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import read_summary

JOB = "SLURM_JOB_ID"


def begun(request: Request, parent: Path) -> Path | None:
    """The newest folder below `parent` of a run that was asked for in the same words, if there is one."""
    found = [folder for folder in parent.glob(f"{request.stem}-s*") if _is_of(request, folder)]
    return max(found, key=lambda folder: folder.stat().st_ctime, default=None)


def is_finished(folder: Path) -> bool:
    """Whether a run has nothing left to do."""
    return read_summary(folder).get("status") == "finished"


def ask_scheduler(number: int | None) -> None:
    """Let Slurm start the job again, where it has said by SIGUSR1 that the time is up."""
    job = os.environ.get(JOB)
    if not job or number != getattr(signal, "SIGUSR1", None):
        return
    if shutil.which("scontrol") is None:
        say(f"job {job} is not requeued: there is no `scontrol` here")
        return
    done = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True, check=False)
    say(f"job {job} is requeued" if not done.returncode else f"job {job} is not requeued: {done.stderr.strip()}")


def _is_of(request: Request, folder: Path) -> bool:
    try:
        known = Request.read(folder)
    except SpecError:
        return False
    same_file = Path(known.spec).resolve() == Path(request.spec).resolve()
    return same_file and evolve(known, spec=request.spec) == request

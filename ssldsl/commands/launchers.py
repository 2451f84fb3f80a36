"""Where the runs of a sweep go: a process here, or a job that submitit hands to a cluster."""

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import define, frozen

from ssldsl.errors import Diagnostic, SpecError

SECONDS = 60  # that a run has for its checkpoint when it is stopped


class Job(Protocol):
    """A run that was started. `wait`: for its exit code. `stop`: let it write a checkpoint and end."""

    def wait(self) -> int: ...
    def stop(self) -> None: ...


class Launcher(Protocol):
    """Starts `ssldsl ARGUMENTS`, whose messages go to a file. slot: which of the places for runs is free."""

    def start(self, arguments: Sequence[str], log: Path, slot: int) -> Job: ...


def make_launcher(name: str, jobs: int, logs: Path, options: Mapping[str, str]) -> Launcher:
    """The launcher of a name, for so many runs at a time. options: of submitit. Raises R304, R430."""
    if name == "local":
        if options:
            raise SpecError(Diagnostic("R304", "`--option` is for `--launcher submitit`"))
        return Local(jobs)
    return Submitit(_executor(logs, options))


# --- here -----------------------------------------------------------------------------------------------------------


@frozen
class Local:
    """Processes of this machine, which share its cores and, in turn, its GPUs."""

    jobs: int

    def start(self, arguments: Sequence[str], log: Path, slot: int) -> "Process":
        """A process of a session of its own: Ctrl-C reaches the sweep alone, which stops its runs."""
        command = [sys.executable, "-m", "ssldsl", *arguments]
        with log.open("ab") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self._environment(slot),
                start_new_session=True,
            )  # fmt: skip
        return Process(process)

    def _environment(self, slot: int) -> dict[str, str]:
        """A share of the cores; the GPU of this slot, where there are several."""
        threads = str(max(1, (os.cpu_count() or 1) // self.jobs))
        found = {"OMP_NUM_THREADS": threads, **os.environ}
        devices = _devices()
        return {**found, "CUDA_VISIBLE_DEVICES": devices[slot % len(devices)]} if len(devices) > 1 else found


def _devices() -> list[str]:
    """The GPUs that runs may use."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [part for part in given.split(",") if part]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


@define
class Process:
    """A process of this machine."""

    process: subprocess.Popen[bytes]

    def wait(self) -> int:
        return self.process.wait()

    def stop(self) -> None:
        """Ask it to end by SIGTERM, and wait for that; a process that does not listen is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()


# --- submitit -------------------------------------------------------------------------------------------------------


def _executor(logs: Path, options: Mapping[str, str]) -> Any:
    """The executor of the cluster that is there, or of the one that the option `cluster` names, such as `local`."""
    try:
        submitit = importlib.import_module("submitit")
    except ImportError:
        message = "`--launcher submitit` needs the package `submitit`, which is not installed"
        raise SpecError(Diagnostic("R430", message, help='`pip install "ssldsl[cluster]"`')) from None
    values = dict(options)
    executor = submitit.AutoExecutor(folder=str(logs / "submitit"), cluster=values.pop("cluster", None))
    try:
        executor.update_parameters(**{name: int(v) if v.isdigit() else v for name, v in values.items()})
    except (NameError, TypeError, ValueError) as error:
        raise SpecError(Diagnostic("R304", f"submitit does not take an `--option`: {error}")) from None
    return executor


@frozen
class Submitit:
    """Jobs of a cluster. Where their files lie, all its nodes must see."""

    executor: Any

    def start(self, arguments: Sequence[str], log: Path, slot: int) -> "Submitted":
        return Submitted(self.executor.submit(run_as_job, list(arguments), str(log)))


def run_as_job(arguments: list[str], log: str) -> int:
    """What a job does: the run as a process of its own. Gives the exit code."""
    with open(log, "ab") as out:
        return subprocess.run(
            [sys.executable, "-m", "ssldsl", *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False
        ).returncode


@frozen
class Submitted:
    """A job of a cluster."""

    job: Any

    def wait(self) -> int:
        """The exit code; 75 of a job that the scheduler has ended, which the same sweep goes on with."""
        try:
            return int(self.job.result())
        except Exception as error:  # noqa: BLE001  # submitit raises what it likes, also that of a job that is gone
            print(f"job {self.job.job_id}: {error}", file=sys.stderr)
            return 75

    def stop(self) -> None:
        self.job.cancel()

"""Where the runs of a sweep go: a process here, a job that submitit hands to a cluster, or a task of Ray."""

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
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
    """The launcher of a name, for so many runs at a time. options: of submitit and of Ray. Raises R304, R430."""
    if name == "local":
        if options:
            raise SpecError(Diagnostic("R304", "`--option` is for `--launcher submitit` and `ray`"))
        return Local(jobs)
    return Submitit(_executor(logs, options)) if name == "submitit" else Ray(*_tasks(jobs, options))


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


@frozen
class Remote:
    """A job of a cluster, or a task of Ray. called: how messages of its end begin. result: waits for its exit code."""

    called: Callable[[], str]
    result: Callable[[], Any]
    cancel: Callable[[], object]

    def wait(self) -> int:
        """The exit code; 75 of what was ended, canceled or lost elsewhere, which the same sweep goes on with."""
        try:
            return int(self.result())
        except Exception as error:  # noqa: BLE001  # submitit and Ray raise what they like, also of what is gone
            print(f"{self.called()}: {error}", file=sys.stderr)
            return 75

    def stop(self) -> None:
        """Ask for its end."""
        self.cancel()


def _package(name: str, way: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        message = f"`--launcher {name}` needs the package `{name}`, which is not installed"
        raise SpecError(Diagnostic("R430", message, help=f"`{way}`")) from None


# --- submitit -------------------------------------------------------------------------------------------------------


def _executor(logs: Path, options: Mapping[str, str]) -> Any:
    """The executor of the cluster that is there, or of the one that the option `cluster` names, such as `local`."""
    submitit, values = _package("submitit", 'pip install "ssldsl[cluster]"'), dict(options)
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

    def start(self, arguments: Sequence[str], log: Path, slot: int) -> "Remote":
        job = self.executor.submit(run_as_job, list(arguments), str(log))
        return Remote(lambda: f"job {job.job_id}", job.result, job.cancel)


def run_as_job(arguments: list[str], log: str, folder: str | None = None) -> int:
    """What a job does: the run as a process of its own, which is asked to end when the job is. Gives the exit code.

    folder: where the process starts, if not where the job does.
    """
    command = [sys.executable, "-m", "ssldsl", *arguments]
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)
        try:
            return process.wait()
        except KeyboardInterrupt:  # so Ray ends a task
            Process(process).stop()
            return process.wait()


# --- Ray ------------------------------------------------------------------------------------------------------------


def _tasks(jobs: int, options: Mapping[str, str]) -> tuple[Any, Any]:
    """Ray, begun here or joined where `address` says, and what it calls a task. Other options are those of tasks."""
    ray, values = _package("ray", "pip install ray"), dict(options)
    address = values.pop("address", None)
    there = {"address": address} if address else {"num_cpus": jobs, "include_dashboard": False}
    ray.init(log_to_driver=False, logging_level="ERROR", ignore_reinit_error=True, **there)
    try:
        wanted = {"num_cpus": 1.0, **{name: float(value) for name, value in values.items()}}
        return ray, ray.remote(run_as_job).options(max_retries=0, **wanted)
    except (TypeError, ValueError) as error:
        raise SpecError(Diagnostic("R304", f"Ray does not take an `--option`: {error}")) from None


@frozen
class Ray:
    """Tasks of Ray, on this machine or on a cluster that it spans. Where their files lie, all its nodes must see."""

    ray: Any
    task: Any

    def start(self, arguments: Sequence[str], log: Path, slot: int) -> "Remote":
        code = self.task.remote(list(arguments), str(log.absolute()), os.getcwd())
        return Remote(lambda: "a task of Ray ended", partial(self.ray.get, code), partial(self.ray.cancel, code))

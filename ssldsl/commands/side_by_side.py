"""Runs side by side, each a process of its own: those that a sweep asks for, as many at a time as there is room for."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from attrs import Factory, define, field

from ssldsl.commands.execution import Execution
from ssldsl.commands.launchers import Job, Launcher
from ssldsl.commands.options import USER_ERROR, say
from ssldsl.commands.requests import label
from ssldsl.commands.requeue import begun, is_finished
from ssldsl.commands.series import Outcome, summary
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import read_summary

LOGS = "logs"  # folder beside the runs
STOPPED = 75
T = TypeVar("T")
Beside = Callable[[Job], AbstractContextManager[None]]


def arguments_of(request: Request, parent: Path, execution: Execution) -> list[str]:
    """The command of one run. It goes on with what it has begun before."""
    edits = request.edits
    found = ["run", request.spec, "-o", str(parent), "--requeue", "--no-progress", "-O", str(request.level)]
    for option, values in (("--variant", edits.variants), ("--set", edits.sets), ("--drop", edits.drops)):
        found += [text for value in values for text in (option, value)]
    found += ["--seed", str(request.seed)] if request.seed is not None else []
    found += ["--smoke"] if request.smoke else []
    found += ["--precision", request.precision] if request.precision is not None else []
    found += ["--compile" if request.compiled else "--no-compile"] if request.compiled is not None else []
    found += ["--report" if execution.report else "--no-report"]
    found += ["--workers", str(execution.workers)] if execution.workers is not None else []
    found += [text for tracker in execution.trackers for text in ("--tracker", tracker)]
    every = execution.checkpoint_every
    return found + (["--checkpoint-every", str(every)] if every is not None else [])


@define
class SideBySide:
    """Carries out runs below a folder, `jobs` at a time. `jobs_now`: those that are under way."""

    parent: Path
    execution: Execution
    launcher: Launcher
    jobs: int
    is_stopped: threading.Event = Factory(threading.Event)
    _jobs_now: list[Job] = Factory(list)
    _slots: SimpleQueue[int] = Factory(SimpleQueue)
    _lock: threading.Lock = field(factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        for slot in range(self.jobs):
            self._slots.put(slot)

    def run_all(self, wanted: Sequence[Request]) -> int:
        """Run all, and say how they ended; one that fails stops nothing. Gives the exit code."""
        outcomes = self.each(wanted, self.run)
        say(summary(outcomes))
        return max((outcome.code for outcome in outcomes), default=0)

    def each(self, items: Sequence[T], run: Callable[[T], Outcome]) -> list[Outcome]:
        """What `run` gives for each, in their order; after Ctrl-C what there is by then."""
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = [pool.submit(run, item) for item in items]
            try:
                pending: set[Future[Outcome]] = set(futures)
                while pending:
                    _, pending = wait(pending, timeout=1, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt:
                say("the runs write their checkpoints; the same command goes on with them")
                self.stop()
        return [future.result() for future in futures]

    def stop(self) -> None:
        """Begin no further run, and end those that are under way."""
        self.is_stopped.set()
        with self._lock:
            running = list(self._jobs_now)
        for job in running:
            job.stop()

    def run(self, request: Request, beside: Beside = lambda job: nullcontext()) -> Outcome:
        """One run, from its start or from where it was stopped. beside: what goes on while it runs."""
        name = label(request)
        folder = begun(request, self.parent)
        if folder is not None and is_finished(folder):
            say(f"{name}: finished before, in {folder}")
            return Outcome(0, name)
        if self.is_stopped.is_set():
            return Outcome(STOPPED, f"{name}: not begun")
        log = self.log_of(request)
        with self.started(request, log) as job, beside(job):
            code = job.wait()
        return self._outcome(request, code, log)

    @contextmanager
    def started(self, request: Request, log: Path) -> Iterator[Job]:
        """Inside, the run is under way."""
        slot = self._slots.get()
        job = self.launcher.start(arguments_of(request, self.parent, self.execution), log, slot)
        with self._lock:
            self._jobs_now.append(job)
        try:
            yield job
        finally:
            with self._lock:
                self._jobs_now.remove(job)
            self._slots.put(slot)

    def log_of(self, request: Request) -> Path:
        """The file for the messages of a run."""
        (self.parent / LOGS).mkdir(parents=True, exist_ok=True)
        seed = f"-s{request.seed}" if request.seed is not None else ""
        return self.parent / LOGS / f"{request.stem}{seed}.log"

    def _outcome(self, request: Request, code: int, log: Path) -> Outcome:
        name = label(request)
        if not code:
            say(f"{name}: {_numbers(begun(request, self.parent))}")
            return Outcome(0, name)
        if code in (STOPPED, 130, -15):
            return Outcome(STOPPED, name)
        reason = last_error(log)
        say(f"{name}: failed: {reason}")
        return Outcome(max(code, USER_ERROR), f"{name}: {reason} ({log})")


def _numbers(folder: Path | None) -> str:
    """How a run ended, and where it is."""
    stages = read_summary(folder).get("stages", {}) if folder is not None else {}
    last = list(stages.values())[-1] if stages else {}
    return "  ".join([*(f"{k} {v:.4f}" for k, v in last.items() if isinstance(v, float)), f"in {folder}"])


def last_error(log: Path) -> str:
    """What went wrong, as the last message of a run says."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("error")]
    return (errors or lines or ["it ended without a word"])[-1].partition(": ")[2] or "it ended without a word"

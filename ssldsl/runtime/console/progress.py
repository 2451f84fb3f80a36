"""What a person sees while a run trains: a bar on a terminal, lines elsewhere. All of it on the error stream."""

import sys
import time
from collections.abc import Mapping
from typing import Protocol

from rich.console import Console, Group
from rich.constrain import Constrain
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn
from rich.text import Text

from ssldsl.graph.plan import StagePlan
from ssldsl.ir import captions
from ssldsl.runtime.console.notebook import Notebook, is_notebook
from ssldsl.runtime.console.texts import Numbers, clock_text, epoch_text, epochs_text, losses_text, results_text


class ProgressReporter(Protocol):
    """Is told how a run goes. Steps count from 1. `passing`: a pass over data before a stage, batch by batch."""

    def start(self, stage: StagePlan, step: int) -> None: ...
    def advance(self, step: int) -> None: ...
    def passing(self, text: str, done: int, batches: int) -> None: ...
    def losses(self, step: int, total: float, terms: Numbers, lr: float, speed: float) -> None: ...
    def evaluated(self, step: int, results: Mapping[str, object]) -> None: ...
    def say(self, text: str) -> None: ...
    def close(self) -> None: ...


def make_reporter(*, is_main: bool = True, is_wanted: bool = True) -> ProgressReporter:
    """The reporter that suits the process and the error stream. `is_wanted`: that progress is shown."""
    if not is_main or not is_wanted:
        return Quiet(is_main)
    if sys.stderr.isatty():
        return Bar()
    return Notebook() if is_notebook() else LogLines()


class Quiet:
    """Shows no progress; the main process says what has to be said."""

    def __init__(self, is_main: bool) -> None:
        self._is_main = is_main

    def start(self, stage: StagePlan, step: int) -> None: ...
    def advance(self, step: int) -> None: ...
    def passing(self, text: str, done: int, batches: int) -> None: ...
    def losses(self, step: int, total: float, terms: Numbers, lr: float, speed: float) -> None: ...
    def evaluated(self, step: int, results: Mapping[str, object]) -> None: ...
    def close(self) -> None: ...

    def say(self, text: str) -> None:
        if self._is_main:
            print(text, file=sys.stderr, flush=True)


class LogLines:
    """One line now and then, for logs."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._pause, self._last = seconds, 0.0
        self._stage: StagePlan | None = None
        self._begun = (0, 0.0)

    def start(self, stage: StagePlan, step: int) -> None:
        self._stage, self._begun, self._last = stage, (step, time.monotonic()), 0.0
        clock = captions.local(stage.name, stage.clock)
        self.say(f"stage {stage.name}: {stage.steps} steps, {epochs_text(stage, stage.steps)} epochs of `{clock}`")

    def advance(self, step: int) -> None: ...

    def passing(self, text: str, done: int, batches: int) -> None:
        if time.monotonic() - self._last >= self._pause:
            self._last = time.monotonic()
            self.say(f"{text}: batch {done}/{batches}")

    def losses(self, step: int, total: float, terms: Numbers, lr: float, speed: float) -> None:
        if self._stage is None or (time.monotonic() - self._last < self._pause and step < self._stage.steps):
            return
        self._last = time.monotonic()
        first, begun = self._begun
        left = (self._last - begun) / max(1, step - first) * (self._stage.steps - step)
        text = f"{epoch_text(self._stage, step)}  step {step}/{self._stage.steps}  {losses_text(total, terms)}"
        self.say(f"{text}  lr {lr:.3g}  {speed:.0f} images/s  {clock_text(left)} left")

    def evaluated(self, step: int, results: Mapping[str, object]) -> None:
        stage = self._stage
        if stage is not None:
            self.say(f"{epoch_text(stage, step)}  step {step}/{stage.steps}  {results_text(results)}")

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None: ...


class Bar:
    """A line for every stage, with bar, speed and time left; below them the losses and the last evaluation.

    Nothing of it is cut off where a terminal is narrow: the bar gives way, and losses go on in the next line.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._console = console
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            TextColumn("{task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[speed]}", justify="right"),
            TextColumn("{task.fields[left]}", justify="right"),
            console=console,
            expand=True,
        )
        self._stage: StagePlan | None = None
        self._task: TaskID | None = None
        self._pass: TaskID | None = None
        self._numbers, self._evaluation = "", ""
        self._drawn = 0.0
        self._live = Live(console=console, get_renderable=self.drawing, refresh_per_second=5)

    def drawing(self) -> Constrain:
        """What stands on the terminal now; at the end of a line is room for the `^C` that a terminal writes there."""
        for task in self._progress.tasks:
            self._progress.update(task.id, left=_left(task))
        numbers = [Text(self._numbers)] if self._numbers else []
        results = [Text(self._evaluation, style="cyan")] if self._evaluation else []
        below = [Padding(text, (0, 0, 0, 2)) for text in (*numbers, *results)]
        whole = Group(self._progress.make_tasks_table(self._progress.tasks), *below)
        return Constrain(whole, self._console.width - 3)

    def start(self, stage: StagePlan, step: int) -> None:
        self._stage = stage
        self._live.start()
        self._numbers, self._evaluation = "", ""
        epoch = epoch_text(stage, step)
        self._task = self._add(stage.name, total=stage.steps, completed=step, epoch=epoch)

    def _add(self, text: str, *, total: int | None = None, completed: int = 0, epoch: str = "") -> TaskID:
        return self._progress.add_task(text, total=total, completed=completed, epoch=epoch, speed="", left="")

    def advance(self, step: int) -> None:
        now = time.monotonic()
        if self._task is None or self._stage is None or (now - self._drawn < 0.1 and step < self._stage.steps):
            return
        self._drawn = now
        self._progress.update(self._task, completed=step, epoch=epoch_text(self._stage, step))

    def passing(self, text: str, done: int, batches: int) -> None:
        if done == 1 or self._pass is None:
            self._live.start()
            self._pass = self._add(text)
        self._progress.update(self._pass, completed=done, total=batches)

    def losses(self, step: int, total: float, terms: Numbers, lr: float, speed: float) -> None:
        if self._task is not None and self._stage is not None:
            self._numbers = f"{losses_text(total, terms)}  lr {lr:.3g}"
            epoch = epoch_text(self._stage, step)
            self._progress.update(self._task, completed=step, epoch=epoch, speed=f"{speed:.0f} images/s")

    def evaluated(self, step: int, results: Mapping[str, object]) -> None:
        if self._task is not None and self._stage is not None:
            self._progress.update(self._task, completed=step)
            self._evaluation = f"{results_text(results)}  after {epoch_text(self._stage, step)}"

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._live.stop()


def _left(task: Task) -> str:
    if task.finished_time is not None:
        return f"in {clock_text(task.finished_time)}"
    return "" if task.time_remaining is None else f"{clock_text(task.time_remaining)} left"

"""Progress in a notebook: one output that is written anew, not a line for each moment."""

import sys
import time
from collections.abc import Mapping
from html import escape
from typing import Any

from ssldsl.graph.plan import StagePlan
from ssldsl.runtime.console.texts import Numbers, epoch_text, losses_text, results_text

PAUSE = 0.2  # seconds between two pictures of the bar


def is_notebook() -> bool:
    """Whether the process is the kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and getattr(shell, "kernel", None) is not None


class Notebook:
    """A bar for every stage, with the losses and the last evaluation below it. What is said stands under the bars."""

    def __init__(self) -> None:
        self._stage: StagePlan | None = None
        self._handle: Any = None
        self._drawn = 0.0
        self._numbers = self._evaluation = ""

    def start(self, stage: StagePlan, step: int) -> None:
        self._open(stage.name)
        self._stage, self._numbers, self._evaluation = stage, "", ""
        self._draw(step, epoch_text(stage, step), stage.steps, stage.name)

    def advance(self, step: int) -> None:
        stage = self._stage
        if stage is not None and (time.monotonic() - self._drawn >= PAUSE or step == stage.steps):
            self._draw(step, epoch_text(stage, step), stage.steps, stage.name)

    def passing(self, text: str, done: int, batches: int) -> None:
        if done == 1 or self._handle is None:
            self._open(text)
        if time.monotonic() - self._drawn >= PAUSE or done == batches:
            self._draw(done, f"batch {done}/{batches}", batches, text)

    def losses(self, step: int, total: float, terms: Numbers, lr: float, speed: float) -> None:
        self._numbers = f"{losses_text(total, terms)}  lr {lr:.3g}  {speed:.0f} images/s"

    def evaluated(self, step: int, results: Mapping[str, object]) -> None:
        if self._stage is not None:
            self._evaluation = f"{results_text(results)}  after {epoch_text(self._stage, step)}"
            self._draw(step, epoch_text(self._stage, step), self._stage.steps, self._stage.name)

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None: ...

    def _open(self, name: str) -> None:
        from IPython.display import HTML, display

        self._drawn = 0.0
        self._handle = display(HTML(f"<b>{escape(name)}</b>"), display_id=True)  # type: ignore[no-untyped-call]  # IPython's

    def _draw(self, done: int, place: str, total: int, name: str) -> None:
        from IPython.display import HTML

        self._drawn = time.monotonic()
        bar = f'<progress value="{done}" max="{total}"></progress>'
        below = "".join(f"<br><code>{escape(text)}</code>" for text in (self._numbers, self._evaluation) if text)
        self._handle.update(HTML(f"<b>{escape(name)}</b> {bar} {escape(place)}{below}"))  # type: ignore[no-untyped-call]  # IPython's

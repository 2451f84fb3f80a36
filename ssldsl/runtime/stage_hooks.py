"""What a run does for the stage that trains: records, checkpoints, pictures, and when it is time for them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from accelerate.utils import broadcast_object_list
from attrs import Factory, define, frozen
from torch import Tensor

from ssldsl.errors import SpecError
from ssldsl.graph.plan import StagePlan
from ssldsl.runtime.data.derived import Computed
from ssldsl.runtime.evaluate.evaluator import Value
from ssldsl.runtime.evaluate.results import Evaluated, Results
from ssldsl.runtime.failures import StepContext, explaining_data, explaining_disk, explaining_evaluation
from ssldsl.runtime.folder.pictures import write_pictures
from ssldsl.runtime.folder.records import Line
from ssldsl.runtime.journal import Journal
from ssldsl.runtime.options import Options
from ssldsl.runtime.smoke.plan import is_smoke
from ssldsl.runtime.train.parts import StageParts
from ssldsl.runtime.train.state import collect

WORTH = 20  # without a wish, the time between two checkpoints is so many times what one takes


@define
class SessionClock:
    """When a checkpoint is due, and when a session has trained as long as was wished. `taken`: its optimizer steps."""

    options: Options
    taken: int = 0
    _saved_at: float = Factory(time.monotonic)
    _save_seconds: float = 0.0

    def must_stop(self) -> bool:
        """Count a step; gives whether it was the last one that was wished for."""
        self.taken += 1
        return self.options.stop_after is not None and self.taken >= self.options.stop_after

    def is_save_due(self, stage: StagePlan, done: int) -> bool:
        """Whether a checkpoint is due: as was wished, or at the end of an epoch where it costs little."""
        if self.options.checkpoint_every is not None:
            return done % self.options.checkpoint_every == 0
        if done % stage.steps_per_epoch:
            return False
        due = [time.monotonic() - self._saved_at > WORTH * self._save_seconds]
        return bool(broadcast_object_list(due)[0])  # the clocks of the processes differ

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Inside, a checkpoint is written, whose time is taken."""
        begun = time.monotonic()
        yield
        self._saved_at = time.monotonic()
        self._save_seconds = self._saved_at - begun


@frozen
class StageHooks:
    """The hooks of one stage. `number`: its place among the stages, from 0."""

    journal: Journal
    clock: SessionClock
    parts: StageParts
    number: int

    @property
    def folder(self) -> Path:
        return self.journal.folder

    def record(self, line: Line) -> None:
        self.journal.record(line)

    def evaluated(self, place: Line, found: Evaluated) -> None:
        self.journal.record_results(place, found)

    def computed(self, done: int, found: Mapping[str, Computed]) -> None:
        self.journal.record_data(self.parts.stage, done, found)

    def is_save_due(self, done: int) -> bool:
        return self.clock.is_save_due(self.parts.stage, done)

    def must_stop(self) -> bool:
        return self.clock.must_stop()

    def save(self, done: int, results: Results, is_measured: bool) -> None:
        """Write a checkpoint."""
        with self.clock.saving():
            self._write(done, results, is_measured, self.parts.state.ring.of_all_processes())
        self.parts.accelerator.wait_for_everyone()

    def keep(self, done: int, results: Results) -> bool:
        """Write a checkpoint after an evaluation that failed, perhaps in this process alone: so wait for no other."""
        try:
            self._write(done, results, False, self.parts.state.ring.values)
        except SpecError:  # a full disk, say: why the evaluation failed is what counts
            return False
        return True

    def conclude(self, results: Results) -> None:
        """Draw what a stage ends with, and record what came of it. A picture that fails is a note, and tried again."""
        journal, stage = self.journal, self.parts.stage
        journal.results[stage.name] = results
        undrawn = self._draw_all()
        journal.tell(
            f"the picture `{name}` of stage `{stage.name}` is not drawn: {why}" for name, why in undrawn.items()
        )
        if journal.ledger is not None:
            best = self.parts.state.best
            journal.ledger.conclude(
                number=self.number,
                stage=stage.name,
                step=stage.steps,
                results=journal.results,
                undrawn=undrawn,
                best=best.state() if best is not None else {},
            )
        self.parts.accelerator.wait_for_everyone()

    def _write(self, done: int, results: Results, is_measured: bool, window: Tensor) -> None:
        journal, stage = self.journal, self.parts.stage
        journal.results[stage.name] = results
        if journal.ledger is not None:
            tensors, state = collect(self.parts.state)
            journal.ledger.save(
                number=self.number,
                stage=stage.name,
                step=done,
                is_end=done == stage.steps,
                tensors={**tensors, "losses": {"window": window}},
                state={**state, "results": journal.results, "is_measured": is_measured},
            )

    def _draw_all(self) -> dict[str, str]:
        """Write the pictures of the stage; why one cannot be drawn, by its name.

        What is drawn is the same in all processes, and so is what fails there. What is read may fail in one alone: then
        the others wait for it, and the run ends.
        """
        undrawn = {}
        for name in self.parts.evaluator.pictures:
            is_read = False
            try:
                with self._explaining():
                    values = self._read(name)
                is_read = True
                with self._explaining():
                    self._draw(name, values)
            except SpecError as error:
                if not is_read and self.parts.accelerator.num_processes > 1:
                    raise
                undrawn[name] = error.diagnostics[0].message
        return undrawn

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        parts = self.parts
        context = StepContext(self.folder, parts.stage, parts.stage.steps, parts.lowered)
        with explaining_data(parts.stage), explaining_evaluation(context):
            yield

    def _read(self, name: str) -> Mapping[str, Value]:
        parts = self.parts
        return parts.evaluator.read_picture(name, parts.stage.steps - 1, parts.state.average)

    def _draw(self, name: str, values: Mapping[str, Value]) -> None:
        """Write a picture; of a smoke run, whose numbers mean nothing, where things lie is not sought."""
        parts = self.parts
        if is_smoke(self.journal.plan):
            return
        points = parts.evaluator.draw(name, values, parts.stage.steps - 1, parts.state.average)
        if self.journal.ledger is not None:
            with explaining_disk(self.folder):
                write_pictures(self.folder, parts.stage.name, {name: points})

"""A run from its start, or from where it was interrupted, to its end: stage after stage."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from attrs import Factory, define, evolve, frozen
from torch import Tensor

from ssldsl.errors import LostProcess, SpecError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.processes import spare_cores
from ssldsl.runtime.console.interrupts import Interrupt
from ssldsl.runtime.data.data_notes import data_notes
from ssldsl.runtime.data.datasets import sample_shapes
from ssldsl.runtime.data.derived import SampleSource
from ssldsl.runtime.derive import with_derived
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.results import Results
from ssldsl.runtime.failures import StepContext, explaining_data, explaining_evaluation
from ssldsl.runtime.folder.checkpoint import (
    Checkpoint,
    complete_checkpoints,
    is_concluded,
    is_measured,
    read_part,
    read_state,
)
from ssldsl.runtime.folder.run_folder import CHECKPOINTS
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.journal import Journal
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import check_parts
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.options import Options
from ssldsl.runtime.recurring import with_recurring
from ssldsl.runtime.smoke.plan import is_smoke
from ssldsl.runtime.stage_hooks import SessionClock, StageHooks
from ssldsl.runtime.stage_setup import RunResources, prepare
from ssldsl.runtime.train.finite import check_finite
from ssldsl.runtime.train.init_weights import check_origins
from ssldsl.runtime.train.loop import Ending, Trainer
from ssldsl.runtime.train.parts import StageParts
from ssldsl.runtime.train.state import restore

Status = Literal["finished", "interrupted"]


@frozen
class Result:
    """How a run ended. `metrics`: the last evaluation of every stage that has ended or was under way.

    signal: the one that stopped it, if it was one. exit_code: 0, 130 after Ctrl-C, 75 after a scheduler's signal.
    """

    folder: Path
    status: Status
    metrics: Mapping[str, Results]
    seconds: float
    signal: int | None = None
    exit_code: int = 0


@define
class Session:
    """Trains the stages of a run.

    has_begun: the folder holds something that was computed; a run that is refused before that leaves no folder.
    """

    plan: Plan
    library: Library
    options: Options
    datasets: SampleSource
    data: Mapping[str, Mapping[str, Samples]]
    journal: Journal
    has_begun: bool = False
    is_refused: bool = False
    clock: SessionClock = Factory(lambda self: SessionClock(self.options), takes_self=True)

    def carry_out(self, interrupt: Interrupt) -> Result:
        """Train every stage that is not done yet, and measure those that were trained and no more."""
        self.journal.warn()
        resources = self._resources()
        found = complete_checkpoints(self.journal.folder / CHECKPOINTS)
        begun = {checkpoint.serial[0]: checkpoint for checkpoint in found}  # the newest of every stage
        if found:
            self.journal.results = read_state(found[-1])["results"]
        ended: tuple[StagePlan, Checkpoint] | None = None
        for number, stage in enumerate(in_order(self.plan)):
            start = begun.get(number)
            if start is not None and start.is_end and is_concluded(start):
                ended = stage, start
                continue
            if ended is not None and start is None:
                resources.modules.to(dtype_of(ended[0].precision))
                resources.modules.load_state_dict(read_part(ended[1], "weights"))
            if self._run_stage(resources, number, stage, start, interrupt) == "interrupted":
                return evolve(self._end("interrupted"), signal=interrupt.number, exit_code=interrupt.exit_code)
            ended = None
        return self._end("finished")

    def fail(self, error: SpecError) -> None:
        """Record that the run ended with a message."""
        self.is_refused = not self.has_begun and not isinstance(error, LostProcess)
        if self.journal.ledger is not None and not self.is_refused:
            with suppress(SpecError):  # a disk that is full stays full: the error itself is what counts
                self.journal.ledger.end("failed", self.journal.results, error.diagnostics[0].message)

    def close(self) -> None:
        """Close the files; a run that was refused leaves none."""
        self.journal.close()
        if self.is_refused and self.journal.ledger is not None:
            shutil.rmtree(self.journal.folder, ignore_errors=True)

    def _end(self, status: Status) -> Result:
        seconds = 0.0
        if self.journal.ledger is not None:
            self.journal.ledger.end(status, self.journal.results)
            if status == "finished":
                self.journal.ledger.tidy(is_smoke=is_smoke(self.plan))
            seconds = self.journal.ledger.elapsed()
        return Result(self.journal.folder, status, self.journal.results, seconds)

    def _resources(self) -> RunResources:
        fields: dict[str, Shape] = {}
        for stage in self.plan.stages:
            for stream in stage.streams:
                with explaining_data(stage, stream.data):
                    fields |= sample_shapes({stream.name: self.data[stage.name][stream.data]})
        modules = build_modules(self.plan, fields, self.library, self.options.folder)
        check_parts(self.plan, modules)
        check_origins(self.plan, modules, self.options.folder)
        return RunResources(
            plan=self.plan,
            library=self.library,
            modules=modules,
            fields=fields,
            data=self.data,
            saved=self._weights_after,
            folder=self.options.folder,
            workers=self._workers(),
            run=self.journal.folder,
        )

    def _workers(self) -> int:
        if self.options.workers is not None:
            return self.options.workers
        return 0 if is_smoke(self.plan) else spare_cores()  # a few samples are read sooner than a process begins

    def _weights_after(self, stage: str, average: bool) -> Mapping[str, Tensor]:
        """The weights that a stage ended with."""
        return final_weights(self.journal.folder, stage, average=average)

    def _run_stage(
        self, resources: RunResources, number: int, stage: StagePlan, begun: Checkpoint | None, interrupt: Interrupt
    ) -> Ending:
        """Train one stage, from its start or from a checkpoint in it."""
        journal = self.journal
        parts = self._prepare(resources, stage, begun)
        results = journal.results.get(stage.name, {}) if begun is not None else {}
        hooks = StageHooks(journal, self.clock, parts, number)
        trainer = Trainer(parts, hooks, journal.reporter, interrupt, results)
        self.has_begun = True
        first, is_complete = (0, True) if begun is None else (begun.step, is_measured(begun))
        try:
            ending = trainer.train(first, is_measured=is_complete)
        finally:
            parts.feed.close()
            parts.accelerator.free_memory()
        journal.results[stage.name] = trainer.results
        return ending

    def _prepare(self, resources: RunResources, stage: StagePlan, begun: Checkpoint | None) -> StageParts:
        """A stage ready to train, with the data that it computes for itself, and with what a checkpoint holds."""
        journal = self.journal
        resources, found = with_derived(resources, stage, self.datasets, journal.folder, journal.reporter)
        self.has_begun = self.has_begun or bool(found)
        if found and begun is None:
            journal.record_data(stage, 0, found)
        if not is_smoke(self.plan):
            journal.tell(data_notes(stage, self.data[stage.name], self.library))
        with explaining_evaluation(StepContext(journal.folder, stage)):  # memory may not do for what a stage holds
            parts = with_recurring(resources, prepare(resources, stage, is_new=begun is None), journal.reporter)
        if begun is not None:
            restore(parts.state, begun)
        check_finite(StepContext(journal.folder, stage, begun.step if begun is not None else 0), self.plan, parts.state)
        return parts

"""A plan run: its stages in order, each continued where the latest checkpoint left it."""

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

from accelerate.utils import broadcast_object_list
from attrs import Factory, define, field, frozen
from torch import Tensor

from ssldsl.errors import LostProcess, SpecError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.ir import wording
from ssldsl.ops.data import Samples
from ssldsl.runtime.console.interrupts import Interrupt, listening
from ssldsl.runtime.console.progress import Reporter, make_reporter
from ssldsl.runtime.data.data_notes import data_notes
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.data.derived import Data, Labels
from ssldsl.runtime.derive import with_derived
from ssldsl.runtime.device.accelerator import join_processes
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.results import Evaluated, Results
from ssldsl.runtime.failures import (
    StepContext,
    explaining_data,
    explaining_data_at,
    explaining_disk,
    explaining_evaluation,
)
from ssldsl.runtime.folder.checkpoint import (
    Checkpoint,
    complete_checkpoints,
    is_concluded,
    is_measured,
    read_part,
    read_state,
)
from ssldsl.runtime.folder.pictures import write_pictures
from ssldsl.runtime.folder.records import Line
from ssldsl.runtime.folder.results import write_arrays
from ssldsl.runtime.folder.run_folder import CHECKPOINTS
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.folder.trackers import Trackers, check_trackers
from ssldsl.runtime.folder.weight_sources import origin_digests
from ssldsl.runtime.ledger import Ledger
from ssldsl.runtime.lock import Difference, make_lock
from ssldsl.runtime.nets.modules import build_modules, check_parts
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.ops.load import Library
from ssldsl.runtime.packages import check_packages
from ssldsl.runtime.process_errors import attribute_to_process, explaining_processes
from ssldsl.runtime.smoke.generated import GeneratedData
from ssldsl.runtime.smoke.plan import is_smoke
from ssldsl.runtime.stage_setup import RunResources, data_ids, prepare
from ssldsl.runtime.train.finite import check_finite
from ssldsl.runtime.train.init_weights import check_origins
from ssldsl.runtime.train.loop import Ending, Hooks, StageParts, Trainer
from ssldsl.runtime.train.state import collect, restore

Status = Literal["finished", "interrupted"]
WORTH = 20  # without a wish, the time between two checkpoints is so many times what one takes


@frozen
class Result:
    """How a run ended. `metrics`: the last evaluation of every stage that has ended or was under way."""

    folder: Path
    status: Status
    metrics: Mapping[str, Results]
    seconds: float

    @property
    def exit_code(self) -> int:
        return 0 if self.status == "finished" else 130


@frozen
class Options:
    """How a run is carried out; none of it changes what comes out.

    texts: files for the run folder, such as `spec.ssl` and `resolved.ssl`. identity: hash of the experiment's meaning.
    difference: says what differs from the experiment in the folder, when a resume is refused.
    folder: where relative names in the spec start. checkpoint_every: steps; else as often as costs little.
    stop_after: optimizer steps after which the run stops as if somebody had asked for it.
    """

    texts: Mapping[str, str] = field(factory=dict)
    identity: str = ""
    difference: Difference | None = None
    folder: Path = Path()
    is_progress_shown: bool = True
    trackers: Sequence[str] = ()
    workers: int = 0
    checkpoint_every: int | None = None
    stop_after: int | None = None


def overridden(
    plan: Plan, *, seed: int | None = None, precision: str | None = None, compile: bool | None = None
) -> Plan:
    """The plan with another seed, and with precision or compilation the same in every stage."""
    changes = {name: value for name, value in (("precision", precision), ("compile", compile)) if value is not None}
    stages = [{**stage.model_dump(), **changes} for stage in plan.stages]
    return Plan.model_validate({**plan.model_dump(), "seed": plan.seed if seed is None else seed, "stages": stages})


def run(
    plan: Plan,
    folder: Path,
    library: Library,
    options: Options | None = None,
    *,
    resume: bool = False,
    datasets: Data | None = None,
) -> Result:
    """Run a plan in a new folder, or continue the one that was begun in it. `datasets`: data that are open already."""
    options, begun = options or Options(), time.time()
    processes = join_processes()
    datasets = datasets or (GeneratedData() if is_smoke(plan) else Datasets(library, options.folder))
    try:
        check_packages(plan, library)
        check_trackers(options.trackers)
        data = {stage.name: _open(datasets, stage) for stage in in_order(plan)}
        lock = make_lock(plan, options.identity, _digests(plan, data), origin_digests(plan, options.folder))
        ledger = _ledger(plan, folder, lock, options, resume) if processes.is_main_process else None
    except SpecError:
        with suppress(OSError):  # it holds something, or is not there
            folder.rmdir()
        raise
    processes.wait_for_everyone()
    running = Run(
        plan=plan,
        folder=folder,
        library=library,
        options=options,
        datasets=datasets,
        data=data,
        ledger=ledger,
        reporter=make_reporter(is_main=processes.is_main_process, is_wanted=options.is_progress_shown),
        trackers=Trackers.start(options.trackers, folder, plan),
        has_begun=resume,
    )
    with listening() as interrupt:
        try:
            with explaining_processes(folder), explaining_data_at(lambda: None):
                return running.carry_out(interrupt)
        except SpecError as error:
            running.fail(error)
            if ledger is None:
                process = f"process {processes.process_index} of {processes.num_processes}"
                raise attribute_to_process(error, folder, begun, process) from error
            raise
        finally:
            running.close()


@define
class Run:
    """A run under way.

    results: the last evaluation of every stage. told: what the notes on metrics were about. taken: optimizer steps of
    this sitting. has_begun: the folder holds something that was computed; a run that is refused before that leaves no
    folder.
    """

    plan: Plan
    folder: Path
    library: Library
    options: Options
    datasets: Data
    data: Mapping[str, Mapping[str, Samples]]
    ledger: Ledger | None
    reporter: Reporter
    trackers: Trackers
    results: dict[str, Results] = Factory(dict)
    told: set[str] = Factory(set)
    taken: int = 0
    has_begun: bool = False
    is_refused: bool = False
    _saved_at: float = Factory(time.monotonic)
    _save_seconds: float = 0.0

    def carry_out(self, interrupt: Interrupt) -> Result:
        """Train every stage that is not done yet, and measure those that were trained and no more."""
        for note in self.ledger.notes if self.ledger is not None else ():
            self.reporter.say(f"warning: {note}")
        resources = self._resources()
        found = complete_checkpoints(self.folder / CHECKPOINTS)
        begun = {checkpoint.serial[0]: checkpoint for checkpoint in found}  # the newest of every stage
        if found:
            self.results = read_state(found[-1])["results"]
        ended: tuple[StagePlan, Checkpoint] | None = None
        for number, stage in enumerate(in_order(self.plan)):
            start = begun.get(number)
            if start is not None and start.is_end and is_concluded(start):
                ended = stage, start
                continue
            if ended is not None and start is None:
                resources.modules.to(dtype_of(ended[0].precision))
                resources.modules.load_state_dict(read_part(ended[1], "weights"))
            if self._train(resources, number, stage, start, interrupt) == "interrupted":
                return self._end("interrupted")
            ended = None
        return self._end("finished")

    def _end(self, status: Status) -> Result:
        seconds = 0.0
        if self.ledger is not None:
            self.ledger.end(status, self.results)
            seconds = self.ledger.elapsed()
        return Result(self.folder, status, self.results, seconds)

    def fail(self, error: SpecError) -> None:
        """Record that the run ended with a message."""
        self.is_refused = not self.has_begun and not isinstance(error, LostProcess)
        if self.ledger is not None and not self.is_refused:
            with suppress(SpecError):  # a disk that is full stays full: the error itself is what counts
                self.ledger.end("failed", self.results, error.diagnostics[0].message)

    def close(self) -> None:
        self.reporter.close()
        self.trackers.finish()
        if self.ledger is not None:
            self.ledger.close()
            if self.is_refused:
                shutil.rmtree(self.folder, ignore_errors=True)

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
            workers=self.options.workers,
            run=self.folder,
        )

    def _weights_after(self, stage: str, average: bool) -> Mapping[str, Tensor]:
        """The weights that a stage ended with."""
        return final_weights(self.folder, stage, average=average)

    def _train(
        self, resources: RunResources, number: int, stage: StagePlan, begun: Checkpoint | None, interrupt: Interrupt
    ) -> Ending:
        """Train one stage, from its start or from a checkpoint in it."""
        resources, labels = with_derived(resources, stage, self.datasets, self.folder, self.reporter)
        self.has_begun = self.has_begun or bool(labels)
        if labels and begun is None:
            self._record_labels(number, stage, labels)
        if not is_smoke(self.plan):
            self._tell(data_notes(stage, self.data[stage.name], self.library))
        with explaining_evaluation(StepContext(self.folder, stage)):  # memory may not do for what a stage holds
            parts = prepare(resources, stage, is_new=begun is None)
        if begun is not None:
            restore(parts.state, begun)
        check_finite(StepContext(self.folder, stage, begun.step if begun is not None else 0), self.plan, parts.state)
        results = self.results.get(stage.name, {}) if begun is not None else {}
        trainer = Trainer(parts, self._hooks(parts, number), self.reporter, interrupt, results)
        self.has_begun = True
        try:
            ending = (
                trainer.train(begun.step, is_measured=is_measured(begun)) if begun is not None else trainer.train(0)
            )
        finally:
            parts.feed.close()
            parts.accelerator.free_memory()
        self.results[stage.name] = trainer.results
        return ending

    def _record_labels(self, number: int, stage: StagePlan, labels: Mapping[str, Labels]) -> None:
        """A line about the labels that a stage begins with."""
        for name, found in labels.items():
            self.reporter.say(f"stage {stage.name}, `{wording.local(stage.name, name)}`: {found}")
        lines = {name: found.as_line() for name, found in labels.items()}
        before = sum(other.steps for other in in_order(self.plan)[:number])
        self._record(before, {"stage": stage.name, "step": 0, "epoch": 0.0, "labels": lines})

    def _tell(self, notes: Iterable[str]) -> None:
        """Say what a person should know, and keep it in the folder. Nothing is said twice."""
        for note in self.ledger.note(notes) if self.ledger is not None else ():
            self.reporter.say(f"note: {note}")

    def _hooks(self, parts: StageParts, number: int) -> Hooks:
        before = sum(stage.steps for stage in in_order(self.plan)[:number])
        return Hooks(
            folder=self.folder,
            record=partial(self._record, before),
            evaluated=partial(self._record_results, before),
            save=partial(self._save, parts, number),
            keep=partial(self._keep, parts, number),
            conclude=partial(self._conclude, parts, number),
            is_save_due=partial(self._is_save_due, parts.stage),
            must_stop=self._must_stop,
        )

    def _record(self, before: int, line: Line) -> None:
        if self.ledger is not None:
            self.ledger.record(line)
            self.trackers.log(line, before + line["step"])

    def _record_results(self, before: int, place: Line, found: Evaluated) -> None:
        """Record an evaluation; arrays first, since the line names their files."""
        if self.ledger is not None:
            with explaining_disk(self.folder):
                write_arrays(self.folder, found.stage, found.arrays)
        self._record(before, {**place, "eval": found.results})
        self._tell(text for about, text in found.notes.items() if about not in self.told)
        self.told |= found.notes.keys()

    def _save(self, parts: StageParts, number: int, done: int, results: Results, is_measured: bool) -> None:
        """Write a checkpoint."""
        begun = time.monotonic()
        window = parts.state.ring.of_all_processes()
        self._write(parts, number, done, results, is_measured, window)
        self._saved_at = time.monotonic()
        self._save_seconds = self._saved_at - begun
        parts.accelerator.wait_for_everyone()

    def _keep(self, parts: StageParts, number: int, done: int, results: Results) -> bool:
        """Write a checkpoint after an evaluation that failed, perhaps in this process alone: so wait for no other."""
        try:
            self._write(parts, number, done, results, False, parts.state.ring.values)
        except SpecError:  # a full disk, say: why the evaluation failed is what counts
            return False
        return True

    def _write(
        self, parts: StageParts, number: int, done: int, results: Results, is_measured: bool, window: Tensor
    ) -> None:
        self.results[parts.stage.name] = results
        if self.ledger is not None:
            tensors, state = collect(parts.state)
            self.ledger.save(
                number=number,
                stage=parts.stage.name,
                step=done,
                is_end=done == parts.stage.steps,
                tensors={**tensors, "losses": {"window": window}},
                state={**state, "results": self.results, "is_measured": is_measured},
            )

    def _conclude(self, parts: StageParts, number: int, results: Results) -> None:
        """Draw what a stage ends with, and record what came of it. A picture that fails is a note, and tried again."""
        self.results[parts.stage.name] = results
        context = StepContext(self.folder, parts.stage, parts.stage.steps, parts.lowered)
        undrawn = {}
        for name in parts.evaluator.pictures:
            try:
                self._draw(parts, name, context)
            except SpecError as error:
                if parts.accelerator.num_processes > 1:  # the others wait for this one
                    raise
                undrawn[name] = error.diagnostics[0].message
        for name, why in undrawn.items():
            self._tell([f"the picture `{name}` of stage `{parts.stage.name}` is not drawn: {why}"])
        if self.ledger is not None:
            stage = parts.stage
            self.ledger.conclude(
                number=number, stage=stage.name, step=stage.steps, results=self.results, undrawn=undrawn
            )
        parts.accelerator.wait_for_everyone()

    def _draw(self, parts: StageParts, name: str, context: StepContext) -> None:
        """Write one of the pictures that a stage ends with."""
        with explaining_data(parts.stage), explaining_evaluation(context):
            points = parts.evaluator.draw(name, context.step - 1, parts.state.average, is_smoke=is_smoke(self.plan))
        if self.ledger is not None and points is not None:
            with explaining_disk(self.folder):
                write_pictures(self.folder, parts.stage.name, {name: points})

    def _is_save_due(self, stage: StagePlan, done: int) -> bool:
        if self.options.checkpoint_every is not None:
            return done % self.options.checkpoint_every == 0
        if done % stage.steps_per_epoch:
            return False
        due = [time.monotonic() - self._saved_at > WORTH * self._save_seconds]
        return bool(broadcast_object_list(due)[0])  # the clocks of the processes differ

    def _must_stop(self) -> bool:
        self.taken += 1
        return self.options.stop_after is not None and self.taken >= self.options.stop_after


def _ledger(plan: Plan, folder: Path, lock: Mapping[str, Any], options: Options, resume: bool) -> Ledger:
    if resume:
        return Ledger.resume(folder, plan, lock, options.difference)
    return Ledger.begin(folder, plan, options.texts, lock)


def _open(datasets: Data, stage: StagePlan) -> dict[str, Samples]:
    """The samples of every data node that a stage reads."""
    found = {}
    for id_ in data_ids(stage):
        with explaining_data(stage, id_):
            found[id_] = datasets.samples(stage, id_)
    return found


def _digests(plan: Plan, data: Mapping[str, Mapping[str, Samples]]) -> dict[str, dict[str, str]]:
    """The digest of every data node, by stage. Of pictures it asks for the sizes of the files."""
    found: dict[str, dict[str, str]] = {stage: {} for stage in data}
    for stage in plan.stages:
        for id_, samples in data[stage.name].items():
            with explaining_data(stage, id_):
                found[stage.name][id_] = samples.digest()
    return found

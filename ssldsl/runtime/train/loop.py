"""One stage trained: its steps, and between them the records, evaluations and checkpoints that are due.

The loop never waits for the device within a step: losses go into a ring that is read once a window, rates and weights
are functions of the step, averages are updated where they lie.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from attrs import Factory, define, evolve
from torch import Tensor, nn

from ssldsl.errors import SpecError
from ssldsl.graph.plan import StagePlan
from ssldsl.runtime.console.interrupts import Interrupt
from ssldsl.runtime.console.progress import ProgressReporter
from ssldsl.runtime.data.derived import Computed
from ssldsl.runtime.device.accelerator import average_gradients, seed_step, share
from ssldsl.runtime.evaluate.results import Evaluated, Results
from ssldsl.runtime.failures import (
    NotOneNumber,
    StepContext,
    explaining_data,
    explaining_evaluation,
    explaining_step,
    not_finite,
)
from ssldsl.runtime.folder.records import Line
from ssldsl.runtime.nets.memories import Tensors
from ssldsl.runtime.step.updates import each_update
from ssldsl.runtime.train.collapse import CollapseWatch
from ssldsl.runtime.train.finite import check_finite
from ssldsl.runtime.train.loss_ring import Window
from ssldsl.runtime.train.optimizer import learning_rates, prepare_gradients
from ssldsl.runtime.train.parts import StageParts, UpdateParts
from ssldsl.runtime.train.restate import restate

Ending = Literal["finished", "interrupted"]
TOTAL = "loss"  # name of the sum of the terms


def window_length(stage: StagePlan) -> int:
    """Steps between two lines of the records: about fifty in a short stage, every fifty steps in a long one."""
    return max(1, min(50, stage.steps // 50))


def is_evaluation_due(stage: StagePlan, done: int) -> bool:
    """Whether the metrics are computed after so many steps: as often as the stage says, and at its end."""
    return done == stage.steps or (stage.evaluate_every > 0 and done % stage.evaluate_every == 0)


class Hooks(Protocol):
    """What the run does for the stage. `done`: how many of its steps are."""

    @property
    def folder(self) -> Path: ...
    def record(self, line: Line, /) -> None: ...
    def evaluated(self, place: Line, found: Evaluated, /) -> None: ...
    def computed(self, done: int, found: Mapping[str, Computed], /) -> None:
        """Data that recur have been computed."""

    def save(self, done: int, results: Results, is_measured: bool, /) -> None:
        """Write a checkpoint. `is_measured`: the metrics that are due have been computed."""

    def keep(self, done: int, results: Results, /) -> bool:
        """The same after an evaluation that failed; gives whether it could be written."""

    def conclude(self, results: Results, /) -> None:
        """The stage has been trained and measured."""

    def is_save_due(self, done: int, /) -> bool: ...
    def must_stop(self) -> bool: ...


@define
class Stopwatch:
    """Seconds spent on steps; what happens between them is left out."""

    seconds: float = 0.0
    _since: float = 0.0

    def start(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        self.seconds += time.perf_counter() - self._since

    def take(self) -> float:
        """The seconds since the last time, which begin anew."""
        taken, self.seconds = self.seconds, 0.0
        return taken


@define
class Trainer:
    """Trains one stage. `recorded`: steps done when the last line was recorded."""

    parts: StageParts
    hooks: Hooks
    reporter: ProgressReporter
    interrupt: Interrupt
    results: Results
    recorded: int = 0
    _watch: Stopwatch = Factory(Stopwatch)
    _collapse: CollapseWatch = Factory(lambda self: CollapseWatch.of(self.parts.stage), takes_self=True)

    def train(self, first: int, *, is_measured: bool = True) -> Ending:
        """Train from step `first` (from 0) to the end, or until somebody asks to stop.

        is_measured: whether the metrics that are due after so many steps have been computed.
        """
        stage, self.recorded, self._watch = self.parts.stage, first, Stopwatch()
        self.reporter.start(stage, first)
        if not is_measured:
            self._evaluate(first - 1)
        for step in range(first, stage.steps):
            self._compute_data(step)
            done, stop = step + 1, self._advance(step)
            if done < stage.steps and (stop or self.hooks.is_save_due(done)):
                self._save(done)
            if done < stage.steps and stop:
                return "interrupted"
        self.hooks.conclude(self.results)
        return "finished"

    def _advance(self, step: int) -> bool:
        """One step and what is due after it; the last is saved before anything else is tried. Gives whether to stop."""
        parts, done = self.parts, step + 1
        self._watch.start()
        with explaining_data(parts.stage), explaining_step(self._context(done)):
            take_step(parts, step)
            window = None
            if parts.state.ring.closes_window(step, parts.stage.steps):
                window = parts.state.ring.read(step, stop=self.interrupt.is_wanted)
        self._watch.stop()
        self.reporter.advance(done)
        if window is not None:
            self._record(window, step)
        if is_evaluation_due(parts.stage, done):
            with explaining_data(parts.stage), explaining_step(self._context(done)):
                restate(parts, step)
        if done == parts.stage.steps:
            self._save(done, is_measured=False)
        if is_evaluation_due(parts.stage, done):
            self._evaluate(step)
        alone = parts.accelerator.num_processes == 1
        wanted = self.interrupt.is_wanted if alone else window is not None and window.is_stop_wanted
        return wanted or self.hooks.must_stop()

    def _compute_data(self, step: int) -> None:
        """Compute the data that are due before a step, with the networks and memories as they are."""
        parts, recurring = self.parts, self.parts.state.recurring
        due = recurring.due(step) if recurring is not None else []
        if recurring is None or not due:
            return
        context = self._context(step)
        self._agree_on_statistics()
        check_finite(context, parts.plan, parts.state)
        with explaining_data(parts.stage), explaining_evaluation(context):
            found = recurring.compute(due, step)
        self.hooks.computed(step, found)

    def _record(self, window: Window, step: int) -> None:
        """A line about the steps of a window, once all of their losses are known to be finite."""
        parts, done = self.parts, step + 1
        self.check(window)
        means = window.means()
        total = means.pop(TOTAL)
        images = sum(stream.rows for stream in parts.stage.streams) * (done - self.recorded)
        speed = images / max(self._watch.take(), 1e-9)
        self.recorded = done
        rates = learning_rates(parts.state.optimizers)
        rate = next(iter(rates.values()))
        line = {**self._place(done), "loss": means, "total": total, "lr": rate, "weight": parts.scalars.weights(step)}
        if len(set(rates.values())) > 1:
            line["rates"] = rates
        if watched := window.watched_means():
            line["watch"] = watched
        self._compare(window)
        self.hooks.record({**line, "images_per_second": speed})
        self.reporter.losses(done, total, means, rate, speed)
        for pinned in self._collapse.see(done, means):
            self.reporter.say(f"warning: stage {parts.stage.name}, step {done}: {pinned}")

    def _compare(self, window: Window) -> None:
        """Take in what decides which network of a list is the best, and which checkpoint."""
        state = self.parts.state
        if state.ranking is not None:
            state.ranking.see(window.first, window.names, window.rows)
        if state.best is not None:
            state.best.see(window)

    def _evaluate(self, step: int) -> None:
        parts, context = self.parts, self._context(step + 1)
        self._agree_on_statistics()
        check_finite(context, parts.plan, parts.state)
        if parts.state.ranking is not None or parts.state.best is not None:
            self._compare(parts.state.ring.read(step))  # steps that are in no line yet, too
        with self._kept(step + 1), explaining_data(parts.stage), explaining_evaluation(context):
            found = parts.evaluator.evaluate(step, parts.state.average)
            self._choose(step, found)
        self.results = found.results
        if self.results:
            self.hooks.evaluated(self._place(step + 1), found)
            self.reporter.evaluated(step + 1, self.results)

    def _choose(self, step: int, found: Evaluated) -> None:
        """Keep the weights if they are the best so far; at the end of the stage, measure those that are kept."""
        best = self.parts.state.best
        if best is None:
            return
        best.offer(step + 1, found.results)
        if step + 1 == self.parts.stage.steps and best.value is not None:
            with best.in_place():
                found.take(self.parts.evaluator.evaluate(step, self.parts.state.average, of_best=True))

    @contextmanager
    def _kept(self, done: int) -> Iterator[None]:
        """Inside, something may fail that is measured: what was trained is kept for when it has been mended."""
        try:
            yield
        except SpecError as error:
            if not self.hooks.keep(done, self.results):
                raise
            hint = (
                f"what was trained is kept: once this is mended, `ssldsl resume {self.hooks.folder}` goes on from here"
            )
            raise SpecError(evolve(d, hints=(*d.hints, hint)) for d in error.diagnostics) from error

    def _save(self, done: int, *, is_measured: bool = True) -> None:
        self.check(self.parts.state.ring.read(done - 1))
        self._agree_on_statistics()
        check_finite(self._context(done), self.parts.plan, self.parts.state)
        self.hooks.save(done, self.results, is_measured)

    def check(self, window: Window) -> None:
        """Stop with a message if a loss was infinite or no number."""
        found = window.first_not_finite()
        if found is not None:
            step, name = found
            raise not_finite(self._context(step + 1), name)

    def _agree_on_statistics(self) -> None:
        if self.parts.stage.statistics == "local":
            average = self.parts.state.average
            own = average.own_statistics() if average is not None else []
            share([*self.parts.state.modules.buffers(), *own], self.parts.accelerator.num_processes)

    def _context(self, done: int) -> StepContext:
        return StepContext(self.hooks.folder, self.parts.stage, done, self.parts.lowered)

    def _place(self, done: int) -> Line:
        stage = self.parts.stage
        return {"stage": stage.name, "step": done, "epoch": round(done / stage.steps_per_epoch, 6)}


def take_step(parts: StageParts, step: int) -> None:
    """One optimizer step: forward and backward of every part of the batch, the update, the averages."""
    accelerator, stage = parts.accelerator, parts.stage
    seed_step(parts.plan.seed, stage.name, step, accelerator.process_index, accelerator.device)
    averages = [*parts.nets, *([parts.state.average] if parts.state.average is not None else [])]
    for begin in (*parts.begins, *(average.begin for average in averages)):
        begin()
    values = parts.scalars.at(step)
    for update in parts.updates:
        update.rates.set(values)
    # a rate changes in every step, but where only the optimizer reads it nothing is copied to the device
    scalars = parts.scalars.tensor_of(values if parts.lowered.reads_scalars else [], accelerator.device)
    if stage.updates:
        writes = [_update_each(parts, step, scalars)]
    else:
        writes = [_accumulate(parts, step, part, scalars) for part in range(stage.accumulate)]
        _change_weights(parts, parts.updates[0], step)
    parts.memories.commit(writes, step)
    for average in averages:
        average.update(step, stage.steps)


def _accumulate(parts: StageParts, step: int, part: int, scalars: Tensor) -> Tensors:
    """Forward and backward of one part of the batch, whose losses are recorded. Gives what memories will take up."""
    is_last = part + 1 == parts.stage.accumulate
    with nullcontext() if is_last else parts.accelerator.no_sync(parts.model):
        losses = parts.model(parts.feed.batch_at(step, part), scalars)
        _check_numbers(losses)
        writes = parts.memories.pending_writes(losses)
        _backward(parts, losses[TOTAL])
    parts.state.ring.put(step, part, losses)
    return writes


def _update_each(parts: StageParts, step: int, scalars: Tensor) -> Tensors:
    """The updates of a step one after another, each with the weights as those before it left them."""
    given: dict[str, Tensor] = {}
    totals: list[Tensor] = []
    batch = parts.feed.batch_at(step)
    for number, losses in each_update(parts.model, parts.stage, step, batch, scalars):
        update = parts.updates[number]
        _check_numbers(losses)
        _backward(parts, losses[TOTAL], update.parameters)
        average_gradients(update.parameters, parts.accelerator.num_processes)
        _change_weights(parts, update, step)
        totals.append(losses[TOTAL].detach())
        given |= losses
    given[TOTAL] = torch.stack(totals).sum()
    parts.state.ring.put(step, 0, given)
    return parts.memories.pending_writes(given)


def _check_numbers(losses: Mapping[str, Tensor]) -> None:
    """Refuse a term that is more than one number."""
    if losses[TOTAL].ndim:
        raise NotOneNumber(*next((name, tuple(v.shape)) for name, v in losses.items() if v.ndim and name != TOTAL))


def _backward(parts: StageParts, loss: Tensor, inputs: list[nn.Parameter] | None = None) -> None:
    """Through Accelerate where there is something to scale: it divides by one as it divides by two.

    inputs: the parameters that get gradients, where not all that learn do.
    """
    only: dict[str, Any] = {} if inputs is None else {"inputs": inputs}
    if parts.stage.accumulate == 1 and parts.accelerator.scaler is None:
        loss.backward(**only)  # type: ignore[no-untyped-call]  # torch's
    else:
        parts.accelerator.backward(loss, **only)


def _change_weights(parts: StageParts, update: UpdateParts, step: int) -> None:
    """Drop the gradients of what is frozen, limit the others as the update says, and let its optimizer move."""
    stage = update.stage
    each = stage.clip if stage.clip_per_tensor else None
    if each is not None:
        parts.accelerator.unscale_gradients(update.prepared)
    prepare_gradients(update.optimizer, each, step)
    if stage.clip is not None and each is None:
        parts.accelerator.clip_grad_norm_(update.parameters, stage.clip)
    # without a scaler, Accelerate's optimizer adds nothing to torch's but a search for packages
    (update.prepared if parts.accelerator.scaler is not None else update.optimizer).step()
    update.optimizer.zero_grad(set_to_none=True)

"""The metrics of a stage: its networks applied to whole data sets in evaluation mode, each process to its share.

What a metric reads is computed once per data set, however many metrics read it. Processes end with the same numbers.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import torch
from accelerate import Accelerator
from attrs import Factory, define, frozen
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ssldsl.graph.plan import EvaluationPlan, NodePlan, Plan, StagePlan
from ssldsl.graph.results import KEPT, is_picture
from ssldsl.ir.primitives import NETWORKS, PRIMITIVES
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.runtime.device.precision import at_least_single
from ssldsl.runtime.evaluate.lower import DataPass, Measures, lower_measures, tensors_read
from ssldsl.runtime.evaluate.ranking import Ranking
from ssldsl.runtime.evaluate.results import Evaluated, NoResult, unfit_rows, with_warnings
from ssldsl.runtime.evaluate.share import PartOfData, naming_the_node
from ssldsl.runtime.evaluate.stateful import StatefulMetrics
from ssldsl.runtime.nets.averages import Moving, averaged_weights
from ssldsl.runtime.nets.keys import NOW, Weights, measures_average, modules_by_key, weights_of
from ssldsl.runtime.nets.modules import module_and_part, module_key
from ssldsl.runtime.ops.errors import NodeFailure, Raised
from ssldsl.runtime.ops.load import check_unnamed, signature_of
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.code import namespace_of

Value = Any  # what a metric reads: a tensor over all samples


@frozen
class MeasuringCode:
    """Evaluations ready to run: their code, and an object of the class that it defines."""

    code: Measures
    made: Any


@define
class Evaluator:
    """Evaluates a stage. `data`: id of a data node -> its samples. `rows`: samples in a batch of one process.

    earlier: modules with the weights that earlier stages left, where nodes want them. watch: is told after every batch
        how many of how many are done. memories: those of the stage.
    """

    plan: Plan
    stage: StagePlan
    modules: nn.ModuleDict
    data: Mapping[str, Samples]
    library: Library
    accelerator: Accelerator
    scalars: Scalars
    rows: int
    num_workers: int = 0
    earlier: Mapping[Weights, nn.ModuleDict] = Factory(dict)
    watch: Callable[[int, int], None] = lambda done, batches: None
    memories: nn.ModuleDict = Factory(nn.ModuleDict)
    ranking: Ranking = Factory(lambda self: Ranking.of(self.stage), takes_self=True)
    stateful: StatefulMetrics = Factory(lambda self: StatefulMetrics(self.plan.seed, self.stage.name), takes_self=True)
    nodes: dict[str, NodePlan] = Factory(lambda self: {node.id: node for node in self.stage.nodes}, takes_self=True)
    _averages: dict[Weights, nn.ModuleDict] = Factory(dict)  # copies that hold the averaged weights
    _measured: dict[tuple[str, ...], MeasuringCode] = Factory(dict)  # by what is evaluated
    _homes: dict[str, MeasuringCode] = Factory(dict)  # by an evaluation that is part of it

    def evaluate(self, step: int, average: Moving | None = None, *, of_best: bool = False) -> Evaluated:
        """Every metric of the stage after `step` (from 0), of the averaged weights if there are any.

        Where some evaluations say which networks are averaged (`average.encoder`), the others are those that train.
        of_best: of the checkpoint that is kept, under names of its own, and remembered by no metric.
        """
        metrics = [e for e in self.stage.evaluations if not is_picture(e, self.stage)]
        values = self.read(metrics, step, average)
        found = Evaluated(self.stage.name)
        for e in metrics:
            result, notes = with_warnings(e.name, partial(self.metric, e, values, step, commits=not of_best))
            found.notes |= notes | unfit_rows(self._inputs(e, values), e.name)
            try:
                found.add(f"{e.name}{KEPT}" if of_best else e.name, result)
            except NoResult as error:
                raise NodeFailure(self.nodes[e.node], Raised(str(error), (), False)) from error
        return found

    def _inputs(self, evaluation: EvaluationPlan, values: Mapping[str, Value]) -> dict[str, Tensor]:
        """The tensors that a metric reads, by what the op calls them."""
        node = self.nodes[evaluation.node]
        pairs = zip(node.params, (values.get(id_) for id_ in node.inputs), strict=True)
        return {param: value for param, value in pairs if isinstance(value, Tensor)}

    @property
    def pictures(self) -> list[str]:
        """The names of the pictures that the stage ends with."""
        return [e.name for e in self.stage.evaluations if is_picture(e, self.stage)]

    def read_picture(self, name: str, step: int, average: Moving | None = None) -> dict[str, Value]:
        """What a picture of the stage is made of, by all processes together."""
        return self.read([self._picture(name)], step, average)

    def draw(self, name: str, values: Mapping[str, Value], step: int, average: Moving | None = None) -> Tensor:
        """A picture of the stage, made of what was read; every process draws it by itself."""
        with self._weights(average), evaluation_mode(self.modules):
            return cast(Tensor, self.metric(self._picture(name), values, step))

    def _picture(self, name: str) -> EvaluationPlan:
        return next(e for e in self.stage.evaluations if e.name == name)

    def read(self, evaluations: Sequence[EvaluationPlan], step: int, average: Moving | None = None) -> dict[str, Value]:
        """What some metrics read: values over whole data sets, by the id of their node."""
        with self._weights(average):
            return self._computed(self._of(evaluations), step)

    @contextmanager
    def _weights(self, average: Moving | None) -> Iterator[None]:
        """Inside, the networks have the weights that are measured."""
        if average is None or not measures_average(self.stage):
            with averaged_weights(average):
                yield
            return
        if not self._averages:
            keys = {module_key(module_and_part(self.modules, path)[0]) for path in self._averaged_paths()}
            copies = nn.ModuleDict({key: copy.deepcopy(self.modules[key]) for key in sorted(keys)})
            self._averages[NOW, True] = copies.eval()
        for copied in self._averages.values():
            state = {**self.modules.state_dict(), **average.average}
            copied.load_state_dict({name: state[name] for name in copied.state_dict()})
        yield

    def _averaged_paths(self) -> Iterator[str]:
        """The networks that an evaluation wants with averaged weights."""
        for node in self.stage.nodes:
            if node.op == "net" and weights_of(node) == (NOW, True):
                yield str(node.settings["name"])

    def compute(self, ids: Sequence[str], step: int = 0) -> dict[str, Value]:
        """The values of nodes over whole data sets, in main memory, with the weights as they are."""
        return self._computed(self._of((), ids), step)

    def batches(self, ids: Sequence[str], step: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """The values of nodes over one data set, batch by batch, so that they need not fit into memory together."""
        measured = self._of((), ids)
        (pass_,) = measured.code.passes
        self.modules.eval()
        yield from self._batches(measured, pass_, step)

    @torch.no_grad()
    def metric(
        self, evaluation: EvaluationPlan, values: Mapping[str, Value], step: int, *, commits: bool = False
    ) -> Any:
        """What a metric makes of values that were read. commits: one with a state remembers this evaluation."""
        measured = self._homes.get(evaluation.name) or self._of([evaluation])
        given = [values[id_] for id_ in dict.fromkeys(tensors_read(self.stage, evaluation, self.library))]
        if any(self.nodes[id_].op in NETWORKS for id_ in self.nodes[evaluation.node].inputs):
            given = [value.to(self.accelerator.device) for value in given]  # what a network is applied to lies with it
        method = getattr(measured.made, measured.code.metrics[evaluation.name])
        node = self.nodes[evaluation.node]
        signature = None if node.op in PRIMITIVES else signature_of(self.library, node.op)
        if signature is not None and signature.is_module:
            method = partial(method, self.stateful.caller(evaluation.name, node, signature, commits=commits))
        with naming_the_node(measured.code):
            return method(self.scalars.at(step), *given)

    def _of(self, evaluations: Sequence[EvaluationPlan], ids: Sequence[str] = ()) -> MeasuringCode:
        """The code of some evaluations, and of other values, made once."""
        key = (*(e.name for e in evaluations), *ids)
        if key not in self._measured:
            files = {id_ for id_, samples in self.data.items() if not samples.resident}
            code = lower_measures(
                self.plan, self.stage, self.library, evaluations, ids, in_files=lambda data: data in files
            )
            held = {node.draw: self.memories[module_key(node.draw)] for node in code.memories.values()}
            modules = modules_by_key(self.nodes, self.modules, {**self.earlier, **self._averages}, self.ranking.best)
            made = namespace_of(code)["Measures"](modules, *([held] if held else []))
            for attribute, node in code.unnamed.items():
                check_unnamed(getattr(made, attribute), node)
            self._measured[key] = MeasuringCode(code, made)
            self._homes |= dict.fromkeys(code.metrics, self._measured[key])
        return self._measured[key]

    def _computed(self, measured: MeasuringCode, step: int) -> dict[str, Value]:
        values: dict[str, Value] = {}
        with torch.no_grad(), evaluation_mode(self.modules):
            for pass_ in measured.code.passes:
                values |= self._run(measured, pass_, step)
        return values

    def _run(self, measured: MeasuringCode, pass_: DataPass, step: int) -> dict[str, Value]:
        """The wanted values of one data set, over all of its samples."""
        if not pass_.data:
            return self._held(measured, pass_, step)
        parts: list[list[Tensor]] = [[] for _ in pass_.wanted]
        for values in self._batches(measured, pass_, step):
            for found, value in zip(parts, values, strict=True):
                found.append(at_least_single(value) if value.is_floating_point() else value)
        joined = (self._joined(found, len(self.data[pass_.data])) for found in parts)
        return dict(zip(pass_.wanted, joined, strict=True))

    def _batches(self, measured: MeasuringCode, pass_: DataPass, step: int) -> Iterator[tuple[Tensor, ...]]:
        samples, scalars = self.data[pass_.data], self.scalars.at(step)
        first, last, _ = self.share(len(samples))
        share = PartOfData(
            samples,
            measured.code,
            pass_,
            scalars,
            first=first,
            last=last,
            rows=self.rows,
            precision=self.stage.precision,
        )
        workers = 0 if samples.resident else min(self.num_workers, len(share))
        loader = DataLoader(share, batch_size=None, num_workers=workers)
        for done, batches in enumerate(loader, start=1):
            if isinstance(batches, NodeFailure):
                raise batches
            for batch in batches:
                yield self._values(measured, pass_, batch, scalars)
            self.watch(done, len(share))

    def _held(self, measured: MeasuringCode, pass_: DataPass, step: int) -> dict[str, Value]:
        """What memories hold, which every process has whole."""
        values = self._values(measured, pass_, {}, self.scalars.at(step))
        return {id_: value.detach().cpu() for id_, value in zip(pass_.wanted, values, strict=True)}

    def _values(
        self, measured: MeasuringCode, pass_: DataPass, batch: Mapping[str, Tensor], scalars: list[float]
    ) -> tuple[Tensor, ...]:
        """What is wanted of a batch, on the device."""
        moved = {key: value.to(self.accelerator.device) for key, value in batch.items()}
        with torch.no_grad(), self.accelerator.autocast(), naming_the_node(measured.code):
            values: tuple[Tensor, ...] = getattr(measured.made, pass_.method)(moved, scalars)
        return values

    def _joined(self, parts: list[Tensor], samples: int) -> Tensor:
        """The values of all processes, in main memory. Shares are padded to one length so that they can be gathered."""
        mine = torch.cat(parts)
        if self.accelerator.num_processes == 1:
            return mine.cpu()
        per_sample = len(mine) // max(1, self.share(samples)[2])
        length = -(-samples // self.accelerator.num_processes) * per_sample
        padding = mine.new_zeros(length - len(mine), *mine.shape[1:])
        gathered: Tensor = self.accelerator.gather(torch.cat([mine, padding]))
        return gathered.cpu()[: samples * per_sample]

    def share(self, samples: int) -> tuple[int, int, int]:
        """First and last sample of this process, and their number; a process too many repeats the last sample."""
        size = -(-samples // self.accelerator.num_processes)
        first = min(self.accelerator.process_index * size, samples - 1)
        last = max(first + 1, min(first + size, samples))
        return first, last, last - first


@contextmanager
def evaluation_mode(modules: nn.Module) -> Iterator[None]:
    """Inside, every module is in evaluation mode; afterwards each is in the mode it was in."""
    modes = [(module, module.training) for module in modules.modules()]
    modules.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode

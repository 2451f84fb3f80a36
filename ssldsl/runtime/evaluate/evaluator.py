"""The metrics of a stage: its networks applied to whole data sets in evaluation mode, each process to its share.

What a metric reads is computed once per data set, however many metrics read it. Processes end with the same numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any, cast

import torch
from accelerate import Accelerator
from attrs import Factory, define, evolve, frozen
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ssldsl.errors import InternalError
from ssldsl.graph.plan import EvaluationPlan, NodePlan, Plan, StagePlan
from ssldsl.ops.data import Samples
from ssldsl.ops.random import Rows
from ssldsl.runtime.device.precision import as_precise, at_least_single
from ssldsl.runtime.evaluate.direct import NETS, Direct, Resolve, Value, Weights
from ssldsl.runtime.evaluate.results import Evaluated, NoResult, unfit_rows, with_warnings
from ssldsl.runtime.evaluate.stateful import StatefulMetrics
from ssldsl.runtime.folder.pictures import is_picture
from ssldsl.runtime.nets.averages import Moving, averaged_weights
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure, Raised
from ssldsl.runtime.ops.load import Library, signature_of
from ssldsl.runtime.ops.scalars import Scalars

Batch = dict[str, Value]  # values of some samples, by node


@frozen
class Pass:
    """One pass over a data set: the `whole` nodes that read it, and the nodes whose values the metrics want of it."""

    data: str
    reads: tuple[NodePlan, ...]
    wanted: tuple[str, ...]


@define
class Evaluator:
    """Evaluates a stage. `data`: id of a data node -> its samples. `rows`: samples in a batch of one process.

    earlier: modules with the weights that earlier stages left, where nodes want them. watch: is told after every batch
        how many of how many are done.
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
    stateful: StatefulMetrics = Factory(lambda self: StatefulMetrics(self.plan.seed, self.stage.name), takes_self=True)
    _direct: Direct = Factory(
        lambda self: Direct(self.plan.seed, self.stage, self.modules, self.library, self.earlier), takes_self=True
    )

    def evaluate(self, step: int, average: Moving | None = None) -> Evaluated:
        """Every metric of the stage after `step` (from 0), of the averaged weights if there are any."""
        metrics = [e for e in self.stage.evaluations if not is_picture(e, self.stage)]
        values = self.read(metrics, step, average)
        found = Evaluated(self.stage.name)
        for e in metrics:
            result, notes = with_warnings(e.name, partial(self.metric, e, values, step, commits=True))
            found.notes |= notes | unfit_rows(self._inputs(e, values), e.name)
            try:
                found.add(e.name, result)
            except NoResult as error:
                raise NodeFailure(self._direct.nodes[e.node], Raised(str(error), (), False)) from error
        return found

    def _inputs(self, evaluation: EvaluationPlan, values: Mapping[str, Value]) -> dict[str, Tensor]:
        """The tensors that a metric reads, by what the op calls them."""
        node = self._direct.nodes[evaluation.node]
        pairs = zip(node.params, (values.get(id_) for id_ in node.inputs), strict=True)
        return {param: value for param, value in pairs if isinstance(value, Tensor)}

    @property
    def pictures(self) -> list[str]:
        """The names of the pictures that the stage ends with."""
        return [e.name for e in self.stage.evaluations if is_picture(e, self.stage)]

    def draw(self, name: str, step: int, average: Moving | None = None, *, is_smoke: bool = False) -> Tensor | None:
        """A picture of the stage. is_smoke: what it shows is computed, and where it lies is not sought."""
        picture = next(e for e in self.stage.evaluations if e.name == name)
        values = self.read([picture], step, average)
        with averaged_weights(average), evaluation_mode(self.modules):
            return None if is_smoke else cast(Tensor, self.metric(picture, values, step))

    def read(self, evaluations: Iterable[EvaluationPlan], step: int, average: Moving | None = None) -> dict[str, Value]:
        """What some metrics read: values over whole data sets, by the id of their node."""
        inputs = [id_ for e in evaluations for id_ in self._direct.nodes[e.node].inputs if not self._is_net(id_)]
        with averaged_weights(average):
            return self.compute(inputs, step)

    def compute(self, ids: Iterable[str], step: int = 0) -> dict[str, Value]:
        """The values of nodes over whole data sets, in main memory, with the weights as they are."""
        values: dict[str, Value] = {}
        with torch.no_grad(), evaluation_mode(self.modules):
            for whole in self._passes(ids):
                values |= self._run(whole, step)
        return values

    @torch.no_grad()
    def metric(
        self, evaluation: EvaluationPlan, values: Mapping[str, Value], step: int, *, commits: bool = False
    ) -> Any:
        """What a metric makes of values that were read. commits: one with a state remembers this evaluation."""
        node = self._direct.nodes[evaluation.node]
        nets = [self._direct.nodes[id_] for id_ in node.inputs if self._is_net(id_)]
        given = {id_: values[id_] for id_ in node.inputs if not self._is_net(id_)}
        if nets:  # what a network is applied to lies where it lies
            given = {id_: _moved(value, self.accelerator.device) for id_, value in given.items()}
        if not signature_of(self.library, node.op).is_module:
            return self._direct.compute([*nets, node], given, self._resolver(step))[node.id]
        found = self._direct.compute(nets, given, self._resolver(step))
        return self._stateful(evaluation, self._direct.edges(node, [found[id_] for id_ in node.inputs]), commits)

    def _stateful(self, evaluation: EvaluationPlan, edges: dict[str, Any], commits: bool) -> Any:
        node = self._direct.nodes[evaluation.node]
        try:
            signature = signature_of(self.library, node.op)
            result = self.stateful.of(evaluation.name, node, signature, edges)(**edges)
            if commits and signature.has_commit:
                self.stateful.commit(evaluation.name, edges)
        except OP_ERRORS as error:
            raise NodeFailure(node, error) from error
        return result

    def _is_net(self, id_: str) -> bool:
        return self._direct.nodes[id_].op in NETS

    def _resolver(self, step: int) -> Resolve:
        return partial(self.scalars.resolve, step=step)

    def _passes(self, ids: Iterable[str]) -> Iterator[Pass]:
        """What is wanted of each data set, in the order of the nodes."""
        wanted: dict[str, dict[str, None]] = {}
        for id_ in ids:
            sources = {node.inputs[0] for node in self._direct.needed([id_], set()) if node.op == "whole"}
            if len(sources) != 1:
                raise InternalError(f"node {id_} of stage `{self.stage.name}` reads {len(sources)} data sets")
            wanted.setdefault(sources.pop(), {})[id_] = None
        for data, ids in wanted.items():
            reads = [node for node in self._direct.needed(list(ids), set()) if node.op == "whole"]
            yield Pass(data, tuple(reads), tuple(ids))

    def _run(self, whole: Pass, step: int) -> dict[str, Value]:
        """The wanted values of one data set, over all of its samples."""
        samples = self.data[whole.data]
        prepared = Share(self, whole, samples, step)
        parts: dict[str, list[Tensor]] = {id_: [] for id_ in whole.wanted}
        loader = DataLoader(prepared, batch_size=None, num_workers=0 if samples.resident else self.num_workers)
        for done, batches in enumerate(loader, start=1):
            if isinstance(batches, NodeFailure):
                raise batches
            for batch in batches:
                values = self._values(batch, prepared.remaining, step)
                for id_, found in parts.items():
                    found.append(at_least_single(values[id_]) if values[id_].is_floating_point() else values[id_])
            self.watch(done, len(prepared))
        return {id_: self._joined(found, len(samples)) for id_, found in parts.items()}

    def _values(self, batch: Mapping[str, Value], remaining: list[NodePlan], step: int) -> dict[str, Value]:
        """A batch with what the networks make of it, on the device."""
        values = {id_: _moved(value, self.accelerator.device) for id_, value in batch.items()}
        with self.accelerator.autocast():
            return self._direct.compute(remaining, values, self._resolver(step))

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


class Share(Dataset["list[Batch] | NodeFailure"]):
    """The batches of one process, as far as they can be made before a network is applied, or what failed there.

    Images of different sizes cannot be one batch: wherever the size changes, another one begins.
    """

    def __init__(self, evaluator: Evaluator, whole: Pass, samples: Samples, step: int) -> None:
        direct = evaluator._direct
        self.samples, self.whole = samples, whole
        self.direct = evolve(direct, modules=nn.ModuleDict(), earlier={})  # a worker has no use for networks
        self.first, self.last, _ = evaluator.share(len(samples))
        self.rows = evaluator.rows
        given = {node.id for node in whole.reads} | {node.id for node in direct.stage.nodes if node.op == "rows"}
        nodes = direct.needed(list(whole.wanted), given)
        self.early = [] if samples.resident else _before_networks(nodes)
        made = {node.id for node in self.early} | given
        self.remaining = [node for node in nodes if node.id not in made]
        used = {id_ for node in self.remaining for id_ in (*node.inputs, node.rows or "")} | set(whole.wanted)
        self.handed = [id_ for id_ in made if id_ in used]
        self.resolve = evaluator._resolver(step)

    def __len__(self) -> int:
        return -(-(self.last - self.first) // self.rows)

    def __getitem__(self, number: int) -> list[Batch] | NodeFailure:
        if number >= len(self):
            raise IndexError(number)
        try:
            pieces = self._pieces(number)
        except NodeFailure as failure:  # raised, it could not say in another process what it is
            return failure
        return [_join(list(alike)) for _, alike in groupby(pieces, _sizes)]

    def _pieces(self, number: int) -> list[Batch]:
        """The samples of a batch: together where they lie in memory, else one by one."""
        start = self.first + number * self.rows
        rows = torch.arange(start, min(start + self.rows, self.last))
        with torch.no_grad():
            return [self._piece(piece) for piece in ([rows] if self.samples.resident else rows.unsqueeze(1))]

    def _piece(self, rows: Tensor) -> Batch:
        read = as_precise(self.samples.read(rows), self.direct.stage.precision)
        zeros = torch.zeros_like(rows)
        values: dict[str, Value] = {node.id: read[node.settings["field"]] for node in self.whole.reads}
        index = self.samples.ids[rows.to(self.samples.ids.device)]
        values |= {n.id: Rows(index, zeros, zeros) for n in self.direct.stage.nodes if n.op == "rows"}
        self.direct.compute(self.early, values, self.resolve)
        return {id_: values[id_] for id_ in self.handed}


def _before_networks(nodes: list[NodePlan]) -> list[NodePlan]:
    """The nodes that no network stands before: what a worker can do to a sample alone."""
    after: set[str] = set()
    for node in nodes:
        if node.op in ("net", "compose", "apply") or any(id_ in after for id_ in node.inputs):
            after.add(node.id)
    return [node for node in nodes if node.id not in after]


def _sizes(piece: Batch) -> list[torch.Size]:
    """The sizes of a sample, without the number of rows."""
    return [value.shape[1:] for value in piece.values() if isinstance(value, Tensor)]


def _join(pieces: list[Batch]) -> Batch:
    if len(pieces) == 1:
        return pieces[0]
    return {id_: _cat([piece[id_] for piece in pieces]) for id_ in pieces[0]}


def _cat(values: list[Value]) -> Value:
    if isinstance(values[0], tuple):
        return type(values[0])(*(torch.cat(parts) for parts in zip(*values, strict=True)))
    return torch.cat(values)


def _moved(value: Value, device: torch.device) -> Value:
    if isinstance(value, tuple):
        return type(value)(*(part.to(device) for part in value))
    return value.to(device)


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

"""The batches of a stage, by step.

Where the data lie in memory they are read on the device; where they lie in files, workers prepare them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from attrs import define, frozen
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.ops.data import Samples
from ssldsl.ops.image_files import images_to_float
from ssldsl.ops.library import Library
from ssldsl.ops.random import Rows
from ssldsl.ops.samples import GROUP, field_of, read_stored
from ssldsl.runtime.data.sampler import SampleOrder
from ssldsl.runtime.device.precision import as_precise
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.spans import span_of
from ssldsl.runtime.step.code import locate
from ssldsl.runtime.step.lower import Lowered, lower

Batch = dict[str, Tensor]


@frozen
class PartOfBatch:
    """Which rows of a step's batch belong to this process: its slice of each of `parts` accumulated parts."""

    rank: int
    world: int
    parts: int

    def bounds(self, rows: int, step: int, part: int) -> tuple[int, int]:
        """First and last position in the stream's sequence of samples, for a batch of `rows` over all processes."""
        size = rows // (self.world * self.parts)
        first = step * rows + (part * self.world + self.rank) * size
        return first, first + size


def check_divisible(stage: StagePlan, world: int) -> None:
    """Every process and every accumulated part gets equally many rows of every stream, or the run is refused."""
    shares = world * stage.accumulate
    wrong = [stream for stream in stage.streams if stream.rows % shares]
    if not wrong:
        return
    found = ", ".join(f"`{stream.name}`: {stream.rows}" for stream in wrong)
    among = f"{world} process{'es' if world > 1 else ''}" + (
        f" times {stage.accumulate} parts" if stage.accumulate > 1 else ""
    )
    message = f"the batch of stage `{stage.name}` cannot be shared equally by {among}"
    help_ = f"choose numbers of rows that {shares} divides, or another number of processes"
    raise SpecError(
        Diagnostic("R407", message, span_of(stage.places.get("batch", stage.place)), f"rows of {found}", help=help_)
    )


@define
class Resident:
    """A stream whose samples lie in memory: whole batches are picked where the data lie."""

    name: str
    rows: int
    samples: Samples
    order: SampleOrder
    precision: str

    def batch(self, share: PartOfBatch, step: int, part: int) -> Batch:
        return self.read(*self.order.rows(*share.bounds(self.rows, step, part)))

    def read(self, positions: Tensor, rows: Rows) -> Batch:
        """The samples at some positions: which they are, where they stand in the stream, and their fields."""
        return self._named(positions, rows, as_precise(self.samples.read(positions), self.precision))

    def read_stored(self, positions: Tensor, rows: Rows) -> Batch:
        """The same, images as bytes where files hold bytes."""
        return self._named(positions, rows, read_stored(self.samples, positions))

    def _named(self, positions: Tensor, rows: Rows, fields: Batch) -> Batch:
        found = {**rows._asdict(), "position": positions, **fields}
        return {f"{self.name}.{field}": value for field, value in found.items()}


def _joined(values: list[Tensor]) -> Tensor:
    """Rows one below the other, all of them floats where some are."""
    if len({value.dtype for value in values}) > 1:
        values = [_as_numbers(value) for value in values]
    return torch.cat(values)


class PreparedBatches(Dataset["Batch | NodeFailure"]):
    """Streams whose samples lie in files, as a data set over parts of steps: item k is this process's batch of part k.

    A worker reads a sample, applies the views that stand before the step to it alone, and joins the results. Where a
    view fails, what failed is handed on in place of the batch.
    """

    def __init__(self, streams: Sequence[Resident], share: PartOfBatch, lowered: Lowered, scalars: Scalars) -> None:
        self.streams, self.share, self.lowered, self.scalars = tuple(streams), share, lowered, scalars
        self._functions: dict[str, Callable[[Batch, Tensor], Batch]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_functions": None}  # generated code is made again in a worker

    def __getitem__(self, number: int) -> Batch | NodeFailure:
        try:
            with torch.no_grad():
                return self._batch(*divmod(number, self.share.parts))
        except OP_ERRORS as error:
            node = locate(error, self.lowered)
            if node is None:
                raise
            return NodeFailure(node, error)

    def _batch(self, step: int, part: int) -> Batch:
        scalars = self.scalars.tensor_at(step)
        batch: Batch = {}
        for stream in self.streams:
            samples = [self._sample(stream, *row, scalars) for row in self._rows(stream, step, part)]
            batch |= {key: _joined([sample[key] for sample in samples]) for key in samples[0]}
        return batch

    def _rows(self, stream: Resident, step: int, part: int) -> Iterator[tuple[Tensor, Rows]]:
        """Position of every sample of this process, and which it is, each as a batch of one."""
        positions, rows = stream.order.rows(*self.share.bounds(stream.rows, step, part))
        singles = (torch.split(tensor, 1) for tensor in (positions, *rows))
        for position, *single in zip(*singles, strict=True):
            yield position, Rows(*single)

    def first(self, rows: int) -> dict[str, Batch]:
        """See `Feed.host_samples`."""
        found: dict[str, Batch] = {}
        for stream in self.streams:
            if stream.name in self.lowered.hosts:
                singles = [stream.read(*row) for row in islice(self._rows(stream, 0, 0), rows)]
                is_one_size = len({tuple(t.shape for t in single.values()) for single in singles}) == 1
                kept = singles if is_one_size else singles[:1]
                found[stream.name] = {key: torch.cat([single[key] for single in kept]) for key in singles[0]}
        return found

    def _sample(self, stream: Resident, position: Tensor, rows: Rows, scalars: Tensor) -> Batch:
        single = stream.read_stored(position, rows)
        prepare = self._prepare(stream.name)
        if prepare is not None:
            single |= prepare(single, scalars)
        return {key: value for key, value in single.items() if key in self.lowered.reads}

    def _prepare(self, stream: str) -> Callable[[Batch, Tensor], Batch] | None:
        if stream not in self.lowered.hosts:
            return None
        if self._functions is None:
            names = self.lowered.namespace()
            self._functions = {name: names[function] for name, function in self.lowered.hosts.items()}
        return self._functions[stream]


class Feed:
    """The batches of a stage for one process, by step and part. Any step may be asked for; going on is cheapest.

    samples: stream -> its samples.
    num_workers: processes that prepare samples from files; the results do not depend on it.
    """

    def __init__(
        self,
        plan: Plan,
        stage: StagePlan,
        samples: Mapping[str, Samples],
        *,
        library: Library,
        rank: int = 0,
        world: int = 1,
        device: torch.device | str = "cpu",
        num_workers: int = 0,
    ) -> None:
        check_divisible(stage, world)
        self.device = torch.device(device)
        self.share = PartOfBatch(rank, world, stage.accumulate)
        self._lowered = lower(plan, stage, library, shards=world * stage.accumulate)
        self._seed, self._stage, self._scalars, self._workers = plan.seed, stage, Scalars(stage, library), num_workers
        self._loader: _Loader | None = None
        self._streams = {s.name: self._stream(s.name, s.rows, samples[s.name]) for s in stage.streams}
        self._begin()

    def replace(self, name: str, samples: Samples) -> None:
        """Let the following steps draw a stream from other samples."""
        self._streams[name] = self._stream(name, self._streams[name].rows, samples)
        self._begin()

    def _begin(self) -> None:
        """Read what lies in memory where it lies, and let workers prepare the rest."""
        self.close()
        self._resident = [stream for stream in self._streams.values() if stream.samples.resident]
        filed = [stream for stream in self._streams.values() if not stream.samples.resident]
        prepared = PreparedBatches(filed, self.share, self._lowered, self._scalars)
        total = self._stage.steps * self._stage.accumulate
        self._loader = _Loader(prepared, total, self.device, self._workers, self._stage.precision) if filed else None

    def _stream(self, name: str, rows: int, samples: Samples) -> Resident:
        groups = field_of(samples, GROUP)
        for field in samples.fields:
            if f"{name}.{field}" not in self._lowered.reads and samples.resident:
                samples = samples.without(field)
        if samples.resident and hasattr(samples, "to"):
            samples = samples.to(self.device)
        device = self.device if samples.resident else torch.device("cpu")
        order = SampleOrder.of(self._seed, self._stage.name, name, samples.ids.cpu(), device, groups)
        return Resident(name, rows, samples, order, self._stage.precision)

    def batch_at(self, step: int, part: int = 0) -> Batch:
        """What the step reads as `batch`."""
        batch: Batch = {}
        for stream in self._resident:
            batch |= stream.batch(self.share, step, part)
        if self._loader is not None:
            batch |= self._loader.batch(step * self.share.parts + part)
        return {key: batch[key] for key in self._lowered.reads}

    def host_samples(self, rows: int) -> dict[str, Batch]:
        """What workers read for the first rows of every stream whose views they apply: as one batch, or the first."""
        return {} if self._loader is None else self._loader.first(rows)

    def close(self) -> None:
        """Stop the workers."""
        if self._loader is not None:
            self._loader.close()


def _as_numbers(value: Tensor) -> Tensor:
    """Images, which alone have four dimensions, as floats."""
    return images_to_float(value) if value.ndim == 4 else value


class _Loader:
    """Batches that workers prepare ahead, copied to the device while the step before still computes."""

    def __init__(
        self, prepared: PreparedBatches, total: int, device: torch.device, num_workers: int, precision: str
    ) -> None:
        self._prepared, self._total, self._device, self._workers = prepared, total, device, num_workers
        self._precision = precision
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]  # torch's
        self._batches: Iterator[Batch | NodeFailure] | None = None
        self._next: tuple[int, Batch | NodeFailure] | None = None
        self._following = -1

    def batch(self, number: int) -> Batch:
        """Batch `number`, on the device. Asking for any but the following one starts the workers anew."""
        if self._next is None or self._next[0] != number:
            if self._batches is None or self._following != number:
                self._start(number)
            self._fetch()
        if self._next is None:
            raise InternalError(f"no batch {number}: the stage has {self._total}")
        batch, self._next = self._next[1], None
        if isinstance(batch, NodeFailure):
            raise batch
        if self._stream is not None:
            present = torch.cuda.current_stream(self._device)
            present.wait_stream(self._stream)
            for tensor in batch.values():
                tensor.record_stream(present)
            self._fetch()  # copied while the step computes
        return batch

    def first(self, rows: int) -> dict[str, Batch]:
        return self._prepared.first(rows)

    def _start(self, number: int) -> None:
        self._following = number
        workers = min(self._workers, max(1, self._total - number))
        loader = DataLoader(
            self._prepared,
            batch_size=None,
            sampler=range(number, max(self._total, number + 1)),
            num_workers=workers,
            pin_memory=self._stream is not None,
            prefetch_factor=4 if workers else None,
            generator=torch.Generator(),  # else the workers' seeds are taken from the global generator
        )
        self._batches = iter(loader)

    def _fetch(self) -> None:
        """Take the following batch from the workers and begin to copy it."""
        assert self._batches is not None
        batch = next(self._batches, None)
        if batch is None:
            return
        if not isinstance(batch, NodeFailure):
            with torch.cuda.stream(self._stream) if self._stream is not None else torch.no_grad():
                there = {k: v.to(self._device, non_blocking=True) for k, v in batch.items()}
                batch = as_precise({k: _as_numbers(v) for k, v in there.items()}, self._precision)
        self._next = self._following, batch
        self._following += 1

    def close(self) -> None:
        """Let go of the workers; they end with their iterator."""
        self._batches = self._next = None

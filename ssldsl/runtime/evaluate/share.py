"""The samples of one process in an evaluation, as batches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ssldsl.ir.primitives.rows import PARTS
from ssldsl.ops.data import Samples
from ssldsl.runtime.device.precision import as_precise
from ssldsl.runtime.evaluate.lower import DataPass, Measures
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure
from ssldsl.runtime.step.code import Code, locate, namespace_of

Batch = dict[str, Tensor]


@contextmanager
def naming_the_node(code: Code) -> Iterator[None]:
    """Inside, where generated code runs, an error of an op becomes a `NodeFailure`."""
    try:
        yield
    except OP_ERRORS as error:
        node = locate(error, code)
        if node is None:
            raise  # not the op's: ours
        raise NodeFailure(node, error) from error


class PartOfData(Dataset["list[Batch] | NodeFailure"]):
    """The batches of one process, as far as they can be made before a network is applied, or what failed there.

    Images of different sizes cannot be one batch: wherever the size changes, another one begins.
    """

    def __init__(
        self,
        samples: Samples,
        measures: Measures,
        pass_: DataPass,
        scalars: Sequence[float],
        *,
        first: int,
        last: int,
        rows: int,
        precision: str = "fp32",
    ) -> None:
        self.samples, self.measures, self.pass_, self.scalars = samples, measures, pass_, scalars
        self.first, self.last, self.rows, self.precision = first, last, rows, precision
        self._prepare: Callable[[Batch, Sequence[float]], Batch] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_prepare": None}  # generated code is made again in a worker

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
        """What the pass reads of some samples."""
        found = as_precise(self.samples.read(rows), self.precision) | self._numbers(rows)
        if self.pass_.host:
            if self._prepare is None:
                self._prepare = namespace_of(self.measures)[self.pass_.host]
            with naming_the_node(self.measures):
                found |= self._prepare(found, self.scalars)
        return {key: found[key] for key in self.pass_.reads}

    def _numbers(self, rows: Tensor) -> Batch:
        """Which samples the rows are, under the names of the streams that ask for it."""
        asked = {key.rpartition(".")[0] for key in (*self.pass_.reads, *self.pass_.host_reads) if "." in key}
        index = self.samples.ids[rows.to(self.samples.ids.device)] if asked else rows
        parts = zip(PARTS, (index, torch.zeros_like(rows), torch.zeros_like(rows)), strict=True)
        return {f"{stream}.{name}": part for name, part in parts for stream in asked}


def _sizes(piece: Batch) -> list[torch.Size]:
    """The sizes of a sample, without the number of rows."""
    return [value.shape[1:] for value in piece.values()]


def _join(pieces: list[Batch]) -> Batch:
    if len(pieces) == 1:
        return pieces[0]
    return {key: torch.cat([piece[key] for piece in pieces]) for key in pieces[0]}

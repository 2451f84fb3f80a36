"""The latest rows of a value, for methods that want more rows than a batch has."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssldsl.ops import Alike, Duration, PositiveInt, Scalar, op


class Past(NamedTuple):
    """What earlier steps left: rows, the newest first, and 1 once all of them are filled, else 0."""

    rows: Alike[Tensor, "{length} ..."]
    ready: Scalar[Tensor, ""]


@op(paper="caron2020swav", holds="length")
class Queue(nn.Module):
    r"""The last `length` rows of earlier steps: embeddings, as in SwAV, or any other value with a row for every sample.

    $$ Q \leftarrow [z_1, \ldots, z_B, Q_1, \ldots, Q_{L - B}] $$

    after the step has read Q. `ready`: 1 once L rows have come in; before that it is 0, and the missing rows are
    zeros, or with `uniform_start` the uniform distribution, which suits rows of probabilities. `start`: rows count
    towards `ready` only from this time on, so the queue is used from `start` + L / B steps on. Two queues that are
    written in the same steps have the rows of the same samples at the same places.

    State: Q, how many rows count, how many steps there were; zeros at first.

    Source: Caron et al., NeurIPS 2020 (SwAV), sec. 3.1 and 4.3; zeros at first and used when full as in the authors'
    code, whose L is cut to a multiple of B.
    """

    rows: Tensor
    filled: Tensor
    steps: Tensor

    def __init__(
        self, row: Tensor, *, length: PositiveInt, start: Duration | None = None, uniform_start: bool = False
    ) -> None:
        super().__init__()
        if uniform_start and not row.ndim:
            raise ValueError("uniform_start wants rows with an entry for every class")
        self.length, self.start = length, 0.0 if start is None else start
        self.register_buffer("rows", torch.zeros(length, *row.shape, dtype=row.dtype))
        self.rows += 1 / row.shape[-1] if uniform_start else 0
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self) -> Past:
        dtype = self.rows.dtype if self.rows.is_floating_point() else torch.float32
        return Past(self.rows, (self.filled >= self.length).to(dtype))

    @torch.no_grad()
    def commit(self, rows: Alike[Tensor, "batch ..."]) -> None:
        count = len(rows)
        if count > self.length:
            raise ValueError(f"queue length {self.length} is shorter than the batch {count}")
        self.rows.copy_(torch.cat([rows.to(self.rows), self.rows[: self.length - count]]))
        self.filled += count * (self.steps >= self.start)
        self.steps += 1

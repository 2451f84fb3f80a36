"""A moving average of what was said of every sample."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Averaged, Fraction, Positions, PositiveInt, Scheduled, op
from ssldsl.ops.last_write import write_rows


@op(paper="laine2017temporal")
class PerSample(nn.Module):
    r"""Of every row the moving average of what earlier steps said of its sample.

    $$ Z_i \leftarrow \alpha Z_i + (1 - \alpha) z_i, \qquad \tilde z_i = \frac{Z_i}{1 - \alpha^t} $$

    after t visits of sample i, as it stood before the step; so with one visit a pass, it is that of the passes before.
    A sample that no step has seen yet is what the row itself is, without gradient.
    `momentum`: alpha, with 0 what the last visit said. `debias`: whether the division is made; without it the average
    starts at what the first visit said.

    State: Z and $1 - \alpha^t$ for every sample; zeros at first.

    Source: Laine & Aila, ICLR 2017 (Temporal Ensembling), algorithm 2; over schedules of alpha the divisor is what the
    weights of all visits add up to.
    """

    rows: Tensor
    weight: Tensor

    def __init__(
        self, row: Tensor, samples: PositiveInt, *, momentum: Scheduled[Fraction] = 0.6, debias: bool = True
    ) -> None:
        super().__init__()
        self.momentum, self.debias = momentum, debias
        self.register_buffer("rows", torch.zeros(samples, *row.shape, dtype=row.dtype))
        self.register_buffer("weight", torch.zeros(samples, *[1] * row.ndim))

    def forward(
        self, rows: Averaged[Tensor, "batch ..."], positions: Positions[Tensor, "batch; samples"]
    ) -> Averaged[Tensor, "batch ..."]:
        held, weight = self.rows[positions], self.weight[positions]
        return torch.where(weight > 0, held / weight if self.debias else held, rows.detach())

    @torch.no_grad()
    def commit(self, rows: Tensor, positions: Tensor) -> None:
        new, before = rows.to(self.rows), self.weight[positions]
        moved = torch.lerp(self.rows[positions], new, 1.0 - self.momentum)
        if not self.debias:
            moved = torch.where(before > 0, moved, new)
        write_rows(self.rows, positions, moved)
        write_rows(self.weight, positions, torch.lerp(before, torch.ones_like(before), 1.0 - self.momentum))

"""An embedding of every sample, as the last step that saw it left it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ssldsl.ops import Embeddings, Fraction, Masks, Positions, PositiveInt, Scheduled, op
from ssldsl.ops.last_write import write_rows


class Rows(NamedTuple):
    """An embedding for every sample of the stream, and 1 for those that a step has written."""

    rows: Embeddings[Tensor, "samples dim"]
    seen: Masks[Tensor, "samples"]


@op(paper="wu2018instance")
class Bank(nn.Module):
    r"""A memory bank: one unit embedding for every sample, moved towards what the network now says of it.

    $$ M_i \leftarrow \frac{m M_i + (1 - m) v_i}{\lVert m M_i + (1 - m) v_i \rVert} $$

    `positions`: which sample every row is, `all.position`, of one view or of each of several. Every new value is made
    of the row as the step found it. Of several rows of one sample the last one stays: that of the last view, and there
    the last in the batch; it is no average of the views.
    `momentum`: m, with 0 the embeddings themselves.

    State: M, N by D, and which rows were written; at first random directions, which depend on the seed.

    Source: Wu et al., CVPR 2018, sec. 3.2; update, order and momentum 0.5 as in the code of Han et al., ECCV 2020
    (TwoStageUC), whose first rows are uniform in a cube and have length 1 only on average.
    """

    rows: Tensor
    seen: Tensor

    def __init__(self, dim: PositiveInt, samples: PositiveInt, *, momentum: Scheduled[Fraction] = 0.5) -> None:
        super().__init__()
        self.momentum = momentum
        directions = torch.rand(samples, dim).mul_(2).sub_(1)
        self.register_buffer("rows", normalize(directions, dim=1, out=directions))  # of a large bank no second copy
        self.register_buffer("seen", torch.zeros(samples))

    def forward(self) -> Rows:
        return Rows(self.rows, self.seen)

    @torch.no_grad()
    def commit(
        self,
        embeddings: list[Embeddings[Tensor, "batch dim"]],
        positions: list[Positions[Tensor, "batch; samples"]],
    ) -> None:
        places = torch.cat(list(positions) * (len(embeddings) if len(positions) == 1 else 1))
        moved = torch.lerp(self.rows[places], torch.cat(embeddings).to(self.rows), 1.0 - self.momentum)
        write_rows(self.rows, places, normalize(moved, dim=1))
        self.seen.index_fill_(0, places, 1.0)

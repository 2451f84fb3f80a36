"""An embedding and the label of every labeled sample."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ssldsl.ops import Embeddings, Fraction, Labels, Masks, Positions, PositiveInt, op
from ssldsl.ops.last_write import write_rows


class LabeledRows(NamedTuple):
    """For every labeled sample its embedding, its label, and 1 once a step has seen it."""

    rows: Embeddings[Tensor, "samples dim"]
    labels: Labels[Tensor, "samples"]
    seen: Masks[Tensor, "samples"]


@op(paper="zheng2022simmatch")
class LabeledBank(nn.Module):
    r"""SimMatch's memory: an embedding of every labeled sample, moved towards what the network now says, and its label.

    $$ M_i \leftarrow \mathrm{unit}(m M_i + (1 - m) v_i), \quad y_i \leftarrow y_b $$

    `momentum`: m, with 0 the embeddings themselves. A sample that no step has seen has a random direction and class 0,
    so it is used after a pass over the labels, which few labels have soon.

    State: M, the labels, and which samples were seen.

    Source: Zheng et al., CVPR 2022 (SimMatch), sec. 3.4: momentum 0.7 on CIFAR, 0 with an average network on
    ImageNet. The common code normalizes along the batch instead. Several processes: the rows of all.
    """

    rows: Tensor
    labels: Tensor
    seen: Tensor

    def __init__(self, dim: PositiveInt, samples: PositiveInt, *, momentum: Fraction = 0.7) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("rows", normalize(torch.rand(samples, dim).mul_(2).sub_(1), dim=1))
        self.register_buffer("labels", torch.zeros(samples, dtype=torch.int64))
        self.register_buffer("seen", torch.zeros(samples))

    def forward(self) -> LabeledRows:
        return LabeledRows(self.rows, self.labels, self.seen)

    @torch.no_grad()
    def commit(
        self,
        embeddings: Embeddings[Tensor, "batch dim"],
        labels: Labels[Tensor, "batch"],
        positions: Positions[Tensor, "batch; samples"],
    ) -> None:
        moved = torch.lerp(self.rows[positions], embeddings.to(self.rows), 1.0 - self.momentum)
        write_rows(self.rows, positions, normalize(moved, dim=1))
        write_rows(self.labels, positions, labels)
        self.seen.index_fill_(0, positions, 1.0)

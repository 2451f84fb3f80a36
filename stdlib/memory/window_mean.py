"""The mean over the rows of the latest steps."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Averaged, PositiveInt, op


@op(paper="berthelot2020remixmatch")
class WindowMean(nn.Module):
    r"""The mean of the last `length` batch means, which all count alike.

    $$ m_t = \frac{1}{L} \sum_{s = t - L + 1}^{t} \frac{1}{B} \sum_{b=1}^{B} x^{(s)}_b $$

    `includes_step`: whether the step's own mean is one of them, or only those of the steps before. `uniform_start`: the
    window begins full of uniform distributions over the last dimension; else it grows from nothing, and what a first
    step reads is its own mean.

    State: the means, and how many steps there were; zeros, or uniform, at first. Several processes: the rows of all.

    Source: Berthelot et al., ICLR 2020 (ReMixMatch), sec. 3.1: 128 steps, uniform at first and without the step itself
    in the released code; AdaMatch's code includes it, CoMatch's window of 32 grows.
    """

    means: Tensor
    steps: Tensor

    def __init__(
        self, row: Tensor, *, length: PositiveInt = 128, includes_step: bool = True, uniform_start: bool = True
    ) -> None:
        super().__init__()
        if uniform_start and not row.ndim:
            raise ValueError("uniform_start wants rows with an entry for every class")
        self.length, self.includes_step, self.uniform_start = length, includes_step, uniform_start
        first = 1 / row.shape[-1] if uniform_start else 0.0
        self.register_buffer("means", torch.full((length, *row.shape), first))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, rows: list[Averaged[Tensor, "batch ..."]]) -> Averaged[Tensor, "..."]:
        own = self._mean(rows)
        held = self.steps.clamp(max=self.length).to(own)
        total, count = self.means.sum(dim=0), own.new_tensor(float(self.length)) if self.uniform_start else held
        if self.includes_step:
            oldest = self.means.index_select(0, (self.steps % self.length).unsqueeze(0)).squeeze(0)
            return (total - oldest + own) / (count if self.uniform_start else (held + 1).clamp(max=self.length))
        return torch.where(count > 0, total / count.clamp(min=1), own)

    @torch.no_grad()
    def commit(self, rows: list[Tensor]) -> None:
        self.means.index_copy_(0, (self.steps % self.length).unsqueeze(0), self._mean(rows).unsqueeze(0))
        self.steps += 1

    def _mean(self, rows: list[Tensor]) -> Tensor:
        return torch.cat([part.detach() for part in rows]).to(self.means).mean(dim=0)

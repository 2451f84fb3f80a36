"""The mean over rows, smoothed over steps."""

from typing import Literal

import torch
from torch import Tensor, nn

from ssldsl.ops import Averaged, Fraction, op


@op(paper="berthelot2020remixmatch")
class RunningMean(nn.Module):
    r"""The moving average of a mean over rows, that of this step included.

    $$ m_t = \beta m_{t-1} + (1 - \beta) \frac{1}{B} \sum_{b=1}^{B} x_b $$

    `rows`: those of one value, or of several, over all of which the mean is. `start`: m before the first step: zeros,
    the uniform distribution over the last dimension, or the first step's own mean. `center` is the one that does not
    include the step itself.

    State: m, and whether there was a step.

    Source: Berthelot et al., ICLR 2020 (ReMixMatch), sec. 3.1, as an exponential average; FreeMatch and SoftMatch (ICLR
    2023) include the step and start uniform, their common implementation starts alignment at the first mean.
    """

    value: Tensor
    begun: Tensor

    def __init__(
        self, row: Tensor, *, momentum: Fraction = 0.999, start: Literal["zero", "uniform", "first"] = "zero"
    ) -> None:
        super().__init__()
        if start == "uniform" and not row.ndim:
            raise ValueError('start="uniform" wants rows with an entry for every class')
        self.momentum, self.start = momentum, start
        self.register_buffer("value", torch.full(row.shape, 1 / row.shape[-1] if start == "uniform" else 0.0))
        self.register_buffer("begun", torch.zeros(()))

    def forward(self, rows: list[Averaged[Tensor, "batch ..."]]) -> Averaged[Tensor, "..."]:
        mean = torch.cat([part.detach() for part in rows]).to(self.value).mean(dim=0)
        moved = self.value.lerp(mean, 1.0 - self.momentum)
        return torch.where(self.begun > 0, moved, mean) if self.start == "first" else moved

    @torch.no_grad()
    def commit(self, rows: list[Tensor]) -> None:
        self.value.copy_(self.forward(rows))
        self.begun.fill_(1.0)

"""The running mean of a teacher's logits, so that no class can win for every image."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Fraction, Logits, PositiveInt, Scheduled, Values, op


@op(paper="caron2021dino")
class Center(nn.Module):
    r"""DINO's center: the moving average of the mean logits of a step, as it stood before the step.

    $$ c \leftarrow m c + (1 - m) \frac{1}{n B} \sum_{i=1}^{n} \sum_{b=1}^{B} t^{(i)}_b $$

    `logits`: those of all n views; the mean is over all their rows; `centered(t, center(t))` is t - c.
    `momentum`: m. A constant t is reached as $1 - m^k$ after k steps.

    State: c, zeros at first.

    Source: Caron et al., ICCV 2021 (DINO), eq. 4 and algorithm 1.
    """

    value: Tensor

    def __init__(self, classes: PositiveInt, *, momentum: Scheduled[Fraction] = 0.9) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("value", torch.zeros(classes))

    def forward(self) -> Values[Tensor, "classes"]:
        return self.value

    @torch.no_grad()
    def commit(self, logits: list[Logits[Tensor, "batch classes"]]) -> None:
        self.value.lerp_(torch.cat(logits).to(self.value).mean(dim=0), 1.0 - self.momentum)

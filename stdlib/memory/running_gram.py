"""Which directions embeddings have had: a moving average of their outer products."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Embeddings, Fraction, PositiveInt, Values, op


@op(paper="zhu2022tico")
class RunningGram(nn.Module):
    r"""TiCo's covariance: the moving average of the outer products of embeddings, this step's rows among them.

    $$ C_t = \beta C_{t-1} + (1 - \beta) \frac{1}{B} \sum_b z_b z_b^\top $$

    Nothing is subtracted from the embeddings. `momentum`: β.

    State: C, zeros at first. It carries no gradient.

    Source: Zhu et al., 2022 (TiCo), eq. 3, with momentum 0.9. Its trace is at most 1. Several processes: the rows of
    all.
    """

    value: Tensor

    def __init__(self, dim: PositiveInt, *, momentum: Fraction = 0.9) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("value", torch.zeros(dim, dim))

    @torch.no_grad()
    def forward(self, embeddings: Embeddings[Tensor, "batch dim"]) -> Values[Tensor, "dim dim"]:
        rows = embeddings.to(self.value)
        return self.value.lerp(rows.T @ rows / len(rows), 1.0 - self.momentum)

    @torch.no_grad()
    def commit(self, embeddings: Tensor) -> None:
        self.value.copy_(self.forward(embeddings))

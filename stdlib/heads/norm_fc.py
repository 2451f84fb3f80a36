"""A classifier that is drawn once and never learns."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ssldsl.ops import Embeddings, Logits, PositiveFloat, PositiveInt, op


@op(paper="han2020mitigating", fixed=True)
class NormFC(nn.Module):
    r"""TwoStageUC's Norm-FC: cosines to fixed random prototypes, over a temperature.

    $$ z_{bc} = \frac{1}{\tau_c} \frac{w_c}{\lVert w_c \rVert} \cdot v_b $$

    W, D by K, is drawn from a normal distribution and no parameter: it is kept in checkpoints, and what learns is the
    network before it. `normalize`: as the paper prints it, every column of W, a prototype, has unit length; in the
    authors' code every row has, over the K classes, so that prototypes are about $\sqrt{D / K}$ long and a temperature
    of 0.1 acts like 0.028 for ten classes of 128 dimensions. "none": W as it is drawn, the paper's ablation.

    Source: Han et al., ECCV 2020 (TwoStageUC), eq. 4, and released code.
    """

    weight: Tensor

    def __init__(
        self,
        dim: PositiveInt,
        classes: PositiveInt,
        *,
        temperature: PositiveFloat = 0.1,
        normalize: Literal["columns", "rows", "none"] = "columns",
    ) -> None:
        super().__init__()
        self.temperature, self.axis = temperature, {"columns": 0, "rows": 1, "none": None}[normalize]
        self.register_buffer("weight", torch.randn(dim, classes))

    def forward(self, embeddings: Embeddings[Tensor, "batch dim"]) -> Logits[Tensor, "batch classes"]:
        weight = self.weight if self.axis is None else normalize(self.weight, dim=self.axis)
        return embeddings @ weight.to(embeddings) / self.temperature

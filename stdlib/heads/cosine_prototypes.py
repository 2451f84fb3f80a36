"""Prototypes as directions that learn: the score of a row is its cosine with each of them."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from ssldsl.ops import Features, Logits, PositiveInt, op


@op(paper="assran2022msn")
class CosinePrototypes(nn.Module):
    r"""MSN's prototypes: the cosine of every row with every prototype.

    $$ s_{bk} = \frac{\langle z_b, w_k \rangle}{\lVert z_b \rVert \, \lVert w_k \rVert} $$

    Both lengths are divided out in the forward pass, with gradient, so a step turns prototypes and never has to bring
    them back to unit length, as `prototypes` does.

    Source: Assran et al., ECCV 2022 (MSN), sec. 3 and released code, which starts from
    $U(-1/\sqrt{dim}, 1/\sqrt{dim})$. In [-1, 1].
    """

    def __init__(self, dim: PositiveInt, classes: PositiveInt) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, dim).uniform_(-(dim**-0.5), dim**-0.5))

    def forward(self, features: Features[Tensor, "batch ... dim"]) -> Logits[Tensor, "batch ... classes"]:
        return linear(normalize(features, dim=-1), normalize(self.weight, dim=-1))

"""Rows scaled to unit length."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.ops import Embeddings, Features, PositiveFloat, op


@op()
class L2norm(nn.Module):
    r"""L2 normalization: every row divided by its Euclidean length.

    $$ z = h / \max(\|h\|_2, \epsilon) $$

    Source: common practice; no paper. On the unit sphere; a row of zeros stays zero, and rows shorter than `eps` stay
    shorter than 1. In float32 at least, whatever comes in. Zhai et al., ICCV 2019, as released, have `eps` 1e-6
    (1e-12 under the root).
    """

    def __init__(self, *, eps: PositiveFloat = 1e-12) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, features: Features[Tensor, "batch ... dim"]) -> Embeddings[Tensor, "batch ... dim"]:
        exact = features.to(torch.promote_types(features.dtype, torch.float32))  # lengths in bf16 are 0.4 % off
        return functional.normalize(exact, dim=-1, eps=self.eps)

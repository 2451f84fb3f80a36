"""Rows scaled to unit length."""

from torch import Tensor, nn
from torch.nn import functional

from ssldsl.ops import Embeddings, Features, op


@op()
class L2norm(nn.Module):
    r"""Every row divided by its Euclidean length.

    $$ z = h / \max(\|h\|_2, 10^{-12}) $$

    Source: common practice; no paper. On the unit sphere; a row of zeros stays zero.
    """

    def forward(self, features: Features[Tensor, "batch dim"]) -> Embeddings[Tensor, "batch dim"]:
        return functional.normalize(features, dim=-1)

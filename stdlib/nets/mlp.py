"""A multi-layer perceptron for vectors."""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from ssldsl.ops import Features, PositiveInt, Vectors, op


@op(batch_coupled={"norm": "batch"})
class Mlp(nn.Module):
    r"""Multi-layer perceptron: hidden layers of one width, each an affine map, normalization and ReLU.

    $$ h_0 = x, \quad h_i = \mathrm{ReLU}(\mathrm{norm}(W_i h_{i-1} + b_i)), \quad f(x) = h_{depth} $$

    Source: common practice; no paper. Features are not negative.
    """

    def __init__(
        self,
        dim: PositiveInt,
        *,
        width: PositiveInt = 128,
        depth: PositiveInt = 2,
        norm: Literal["layer", "batch", "none"] = "none",
    ) -> None:
        super().__init__()
        sizes = [dim] + [width] * depth
        self.layers = nn.Sequential(*(layer(a, b, norm) for a, b in pairwise(sizes)))

    def forward(self, vectors: Vectors[Tensor, "batch dim"]) -> Features[Tensor, "batch {width}"]:
        features: Tensor = self.layers(vectors)
        return features


def layer(dim_in: int, dim_out: int, norm: str) -> nn.Sequential:
    """Affine map, normalization, ReLU."""
    affine = nn.Linear(dim_in, dim_out)
    nn.init.kaiming_normal_(affine.weight, nonlinearity="relu")
    nn.init.zeros_(affine.bias)
    return nn.Sequential(affine, normalization(dim_out, norm), nn.ReLU())


def normalization(dim: int, norm: str) -> nn.Module:
    if norm == "layer":
        return nn.LayerNorm(dim)
    return nn.BatchNorm1d(dim) if norm == "batch" else nn.Identity()

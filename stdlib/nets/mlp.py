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


def at_every_place(layers: nn.Module, rows: Tensor) -> Tensor:
    """What layers for rows of numbers, (rows, dim), make of (batch, ..., dim): every place is a row of its own."""
    if rows.ndim == 2:
        given: Tensor = layers(rows)
        return given
    found: Tensor = layers(rows.flatten(0, -2)).unflatten(0, rows.shape[:-1])
    return found


def normalization(dim: int, norm: str) -> nn.Module:
    if norm == "layer":
        return nn.LayerNorm(dim)
    return nn.BatchNorm1d(dim) if norm == "batch" else nn.Identity()

"""A projection head: hidden layers and a last affine map."""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from ssldsl.ops import Features, PositiveInt, op
from ssldsl.stdlib.nets.mlp import at_every_place, normalization


@op(paper="chen2020simclr", batch_coupled={"norm": "batch"})
class MlpHead(nn.Module):
    r"""Projection head: hidden layers of affine map, normalization and ReLU, then a last affine map.

    $$ h_0 = x, \quad h_i = \mathrm{ReLU}(\mathrm{norm}(W_i h_{i-1} + b_i)), \quad f(x) = W h_n + b $$

    `hidden`: widths of the hidden layers. `out`: width of the result.

    Source: Chen et al., ICML 2020 (SimCLR), sec. 2.1, for the use of such a head. Results have no limits.
    """

    def __init__(
        self,
        dim: PositiveInt,
        *,
        hidden: list[PositiveInt],
        out: PositiveInt,
        norm: Literal["batch", "layer", "none"] = "none",
    ) -> None:
        super().__init__()
        sizes = [dim, *hidden]
        self.layers = nn.Sequential(
            *(nn.Sequential(nn.Linear(a, b), normalization(b, norm), nn.ReLU()) for a, b in pairwise(sizes))
        )
        self.last = nn.Linear(sizes[-1], out)

    def forward(self, features: Features[Tensor, "batch ... dim"]) -> Features[Tensor, "batch ... {out}"]:
        projected: Tensor = self.last(at_every_place(self.layers, features))
        return projected

"""The projection head of DINO: a bottleneck of unit length, and a weight-normalized last layer."""

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.ops import Features, Logits, PositiveInt, op
from ssldsl.stdlib.nets.mlp import at_every_place, normalization


@op(paper="caron2021dino", batch_coupled={"norm": "batch"})
class DinoHead(nn.Module):
    r"""DINO's head: hidden layers with GELU, a bottleneck of unit length, and a last layer with normalized weights.

    $$ z = \frac{h}{\|h\|_2}, \quad h = \mathrm{mlp}(x), \quad s_k = g_k \frac{\langle v_k, z \rangle}{\|v_k\|_2} $$

    `depth` counts the affine maps up to the bottleneck. `learned_lengths`: g is learned, from 1; otherwise it is 1, and
    scores are cosines. Weights of the affine maps are normal with standard deviation 0.02, biases 0, directions
    uniform. Parts: `mlp` and `last`.

    Source: Caron et al., ICCV 2021, sec. 3.2 and app. C; released code, where `norm_last_layer` is the opposite of
    `learned_lengths`. Without learned lengths in [-1, 1].
    """

    def __init__(
        self,
        dim: PositiveInt,
        classes: PositiveInt,
        *,
        hidden: PositiveInt = 2048,
        depth: PositiveInt = 3,
        bottleneck: PositiveInt = 256,
        norm: Literal["batch", "layer", "none"] = "none",
        learned_lengths: bool = False,
    ) -> None:
        super().__init__()
        self.mlp = projection([dim, *[hidden] * (depth - 1), bottleneck], norm)
        self.last = Directions(bottleneck, classes, learned_lengths)

    def forward(self, features: Features[Tensor, "batch ... dim"]) -> Logits[Tensor, "batch ... classes"]:
        z = functional.normalize(at_every_place(self.mlp, features), dim=-1)
        logits: Tensor = self.last(z)
        return logits


class Directions(nn.Module):
    """Products with unit rows. `weight_g` is their length, if that is learned."""

    def __init__(self, dim: int, classes: int, learned_lengths: bool) -> None:
        super().__init__()
        self.weight_v = nn.Parameter(torch.empty(classes, dim).uniform_(-1, 1) / math.sqrt(dim))
        self.weight_g = nn.Parameter(torch.ones(classes, 1)) if learned_lengths else None

    def forward(self, z: Tensor) -> Tensor:
        directions = functional.normalize(self.weight_v, dim=-1)
        return functional.linear(z, directions if self.weight_g is None else self.weight_g * directions)


def projection(sizes: list[int], norm: str) -> nn.Sequential:
    """Affine maps, with normalization and GELU between them."""
    layers: list[nn.Module] = []
    for size, following in pairwise(sizes):
        affine = nn.Linear(size, following)
        nn.init.trunc_normal_(affine.weight, std=0.02)
        nn.init.zeros_(affine.bias)
        layers += [affine, normalization(following, norm), nn.GELU()]
    return nn.Sequential(*layers[:-2])

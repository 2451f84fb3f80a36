"""Centers of groups of embeddings, as earlier steps moved them."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Fraction, PositiveInt, op
from ssldsl.stdlib.targets.moved_groups import moved


@op(paper="pang2022smog")
class MomentumGroups(nn.Module):
    r"""SMoG's groups: centers that follow the embeddings that are nearest to them.

    $$ g_k \leftarrow \beta g_k + (1 - \beta)\, \bar z_k, \quad \bar z_k \text{ the mean of the rows nearest to } g_k $$

    As they stood before the step; `moved_groups` are those that include it. `groups`: how many.

    State: g, normal random numbers at first. Several processes: the rows of all.

    Source: Pang et al., ECCV 2022 (SMoG), eq. 4-5, momentum 0.99. The paper resets them by k-means every 300 steps,
    for which `kmeans_bank` is a memory of its own.
    """

    value: Tensor

    def __init__(self, dim: PositiveInt, *, groups: PositiveInt, momentum: Fraction = 0.99) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("value", torch.randn(groups, dim))

    def forward(self) -> Features[Tensor, "{groups} dim"]:
        return self.value

    @torch.no_grad()
    def commit(self, features: Features[Tensor, "batch dim"]) -> None:
        self.value.copy_(moved(self.value, features.to(self.value), self.momentum))

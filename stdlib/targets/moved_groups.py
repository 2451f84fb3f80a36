"""Centers of groups, moved towards the rows that are nearest to them."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ssldsl.ops import Detached, Features, Fraction, op


@op(paper="pang2022smog", across="gather")
def moved_groups(
    groups: Detached[Features[Tensor, "groups dim"]],
    features: Features[Tensor, "batch dim"],
    *,
    momentum: Fraction = 0.99,
) -> Features[Tensor, "groups dim"]:
    r"""SMoG's momentum grouping: every center moved towards the mean of the rows that are nearest to it, by the cosine.

    $$ g_k \leftarrow \beta g_k + (1 - \beta) \frac{1}{|B_k|} \sum_{b \in B_k} z_b, \quad
       B_k = \{b : k = \arg\max_j \cos(z_b, g_j)\} $$

    Centers without rows stay. The gradient reaches the rows, by their share.

    Source: Pang et al., ECCV 2022 (SMoG), eq. 4-5. Several processes: the rows of all.
    """
    return moved(groups.to(features), features, momentum)


def moved(groups: Tensor, features: Tensor, momentum: float) -> Tensor:
    """The centers after these rows."""
    nearest = (features.detach() @ normalize(groups, dim=1).T).argmax(dim=1)
    member = torch.nn.functional.one_hot(nearest, len(groups)).to(features)
    counts = member.sum(dim=0).unsqueeze(1)
    means = member.T @ features / counts.clamp(min=1)
    return torch.where(counts > 0, torch.lerp(groups, means, 1.0 - momentum), groups)

"""Rows should be similar to those that a graph says they belong with."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Detached, Features, Losses, Pairs, PositiveFloat, op


@op(paper="li2021comatch", across="gather", least_rows=2)
def graph_cross_entropy(
    features: Features[Tensor, "batch dim"],
    others: Features[Tensor, "batch dim"],
    pairs: Detached[Pairs[Tensor, "batch batch"]],
    *,
    temperature: PositiveFloat = 0.2,
) -> Losses[Tensor, "batch"]:
    r"""CoMatch's contrast: cross-entropy of a row's similarities to another view's rows with its row of a graph.

    $$ \ell_b = -\sum_j Q_{bj} \log\left( \frac{\exp(\cos(z_b, z'_j) / T)}{\sum_k \exp(\cos(z_b, z'_k) / T)}
       + \epsilon \right) $$

    `pairs`: Q, such as `label_graph` gives it. The gradient reaches both views.

    Source: Li et al., ICCV 2021 (CoMatch), eq. 8, with the released code's epsilon of 1e-7. At least the entropy of the
    row of Q. Several processes: the rows of all.
    """
    exact = torch.promote_types(features.dtype, torch.float32)
    with torch.autocast(features.device.type, enabled=False):
        rows, keys = (functional.normalize(f.to(exact), dim=1) for f in (features, others))
        p = (rows @ keys.T / temperature).softmax(dim=1)
        return -(pairs.to(exact) * (p + 1e-7).log()).sum(dim=1)

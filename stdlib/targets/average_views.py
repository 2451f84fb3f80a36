"""One prediction from several views of a sample."""

import math
from typing import Literal

import torch
from torch import Tensor

from ssldsl.ops import Logits, PositiveInt, op


@op(paper="zhai2019s4l")
def average_views(
    logits: Logits[Tensor, "{n_views}*batch classes"],
    *,
    n_views: PositiveInt,
    of: Literal["logits", "probabilities"] = "logits",
) -> Logits[Tensor, "batch classes"]:
    r"""Predictions averaged over the `n_views` views of every sample.

    $$ s_b = \tfrac{1}{V} \sum_v z_{Vb+v} \quad \text{or} \quad s_b = \log \tfrac{1}{V} \sum_v p_{Vb+v},
    \quad p = \mathrm{softmax}(z) $$

    Rows of a sample follow one another, as `rotate4` and `five_crop` leave them: both together make 20 views.
    `of="probabilities"` gives the logarithm of the mean probability, which a softmax turns back into it. The two may
    disagree about the class: one certain view outvotes two doubtful ones in logits.

    Source: Zhai et al., ICCV 2019 (S4L), sec. 7: labels from 5 crops in 4 rotations; their code averages logits. Any
    finite value; of probabilities none is above 0.
    """
    exact = logits if logits.dtype == torch.float64 else logits.float()
    rows = exact.reshape(-1, n_views, exact.shape[-1])
    return rows.mean(dim=1) if of == "logits" else rows.log_softmax(dim=-1).logsumexp(dim=1) - math.log(n_views)

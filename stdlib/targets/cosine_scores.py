"""How similar rows are to those of a support, as scores."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Features, Logits, op


@op(paper="zheng2021ressl", across="gather")
def cosine_scores(
    features: Features[Tensor, "batch dim"], support: Features[Tensor, "support dim"]
) -> Logits[Tensor, "batch support"]:
    r"""Cosine similarity of every row to every row of a support, as scores over the support.

    $$ z_{bs} = \frac{f_b^\top g_s}{\lVert f_b \rVert \lVert g_s \rVert} $$

    With `probabilities(..., temperature=0.04)` they are a distribution over the support.

    Source: Zheng et al., NeurIPS 2021 (ReSSL), eq. 4-5. In [-1, 1]. The gradient reaches both sides.
    """
    exact = torch.promote_types(features.dtype, torch.float32)
    rows, others = (functional.normalize(f.to(exact), dim=1) for f in (features, support))
    return rows @ others.T

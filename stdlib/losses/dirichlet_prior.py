"""A prior on how large clusters are."""

from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from ssldsl.ops import PositiveFloat, Probs, Scalar, op


@op(paper="boubekki2021clustering", across="gather")
def dirichlet_prior(
    probs: Probs[Tensor, "batch clusters"],
    *,
    alpha: list[PositiveFloat],
    epsilon: Annotated[float, Gt(0)] = 1e-10,
) -> Scalar[Tensor, ""]:
    r"""Clustering module's Dirichlet prior: small where clusters are as large as `alpha` expects.

    $$ L = \sum_k (1 - \alpha_k) \log(\tilde\gamma_k + \epsilon), \quad
       \tilde\gamma_k = \tfrac{1}{B} \textstyle\sum_i \gamma_{ik} $$

    `alpha`: one number for all clusters, above 1 for equal sizes, or one for each; several are paired with the clusters
    by size, the smallest with the smallest. In the papers' loss this term is divided by the rows of a batch (weight
    1 / B), in their codes it is not.

    Source: Boubekki et al., Machine Learning 110, 2021, sec. 3; Singh et al., ICASSP 2023 (SuperCM), eq. 1. For
    alpha at least 1: at least 0. Several processes: the mean is over the rows of all of them.
    """
    clusters = probs.shape[1]
    if len(alpha) not in (1, clusters):
        raise ValueError(f"`alpha` has {len(alpha)} numbers for {clusters} clusters: write one, or {clusters}")
    mean = probs.to(torch.promote_types(probs.dtype, torch.float32)).mean(dim=0)
    weights = 1 - torch.tensor(sorted(alpha), dtype=mean.dtype, device=mean.device)
    return (weights * (mean + epsilon).log().sort().values).sum()

"""The clustering module's loss: features near the centroids that they are assigned to."""

from typing import Literal

import torch
from torch import Tensor

from ssldsl.ops import Features, Losses, Probs, Values, op
from ssldsl.stdlib.targets.reconstruction import reconstruction


@op(paper="boubekki2021clustering")
def clustering_module(
    features: Features[Tensor, "batch dim"],
    probs: Probs[Tensor, "batch clusters"],
    centroids: Values[Tensor, "clusters dim"],
    *,
    form: Literal["distances", "printed"] = "distances",
    mean: Literal["rows", "entries"] = "rows",
) -> Losses[Tensor, "batch"]:
    r"""Clustering module (CM, SuperCM): soft k-means distortion of every row's features.

    $$ \ell_i = \sum_k \gamma_{ik} \|x_i - \mu_k\|^2
       = \|x_i - \bar x_i\|^2 + \sum_k \gamma_{ik} (1 - \gamma_{ik}) \|\mu_k\|^2
       - \sum_{k \ne l} \gamma_{ik} \gamma_{il}\, \mu_k^\top \mu_l, \quad \bar x_i = \sum_k \gamma_{ik} \mu_k $$

    `probs`: the responsibilities $\gamma$. `centroids`: $\mu$, fixed as `class_centroids` gives them, or trained as
    `decoder_centroids` does. The gradient reaches the features, which move towards their centroids, and the
    responsibilities, which become one-hot; at x = $\mu$ = 0 alone the loss is at rest. `form` printed: the three sums
    of eq. 1, the same number with larger rounding. `mean` rows: the loss averaged over rows (the papers); entries:
    over rows and dimensions (SuperCM's released code), so that a weight there is `dim` times larger.

    Source: Singh et al., ICASSP 2023 (SuperCM), eq. 1 without the term of balance, which is `dirichlet_prior`; Boubekki
    et al., Machine Learning 110, 2021, where the two forms are one. At least 0.
    """
    exact = torch.promote_types(features.dtype, torch.float32)
    with torch.autocast(features.device.type, enabled=False):
        x, gamma, mu = (t.to(exact) for t in (features, probs, centroids))
        rows = _distances(x, gamma, mu) if form == "distances" else _printed(x, gamma, mu)
    return rows if mean == "rows" else rows / features.shape[1]


def _distances(x: Tensor, gamma: Tensor, mu: Tensor) -> Tensor:
    """Differences and not products: near a centroid products cancel."""
    return (gamma * (x.unsqueeze(1) - mu).square().sum(dim=2)).sum(dim=1)


def _printed(x: Tensor, gamma: Tensor, mu: Tensor) -> Tensor:
    between = mu @ mu.T
    far = (x - reconstruction(gamma, mu)).square().sum(dim=1)
    spread = (gamma * (1 - gamma)) @ between.diagonal()
    crossed = ((gamma @ (between - between.diagonal().diag())) * gamma).sum(dim=1)
    return far + spread - crossed

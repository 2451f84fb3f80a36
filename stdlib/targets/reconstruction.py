"""Features as mixtures of centroids."""

from torch import Tensor

from ssldsl.ops import Features, Probs, Values, op


@op(paper="boubekki2021clustering")
def reconstruction(
    probs: Probs[Tensor, "batch clusters"], centroids: Values[Tensor, "clusters dim"]
) -> Features[Tensor, "batch dim"]:
    r"""Clustering module's reconstruction: the mean of the centroids under every row's responsibilities.

    $$ \bar x_i = \sum_k \gamma_{ik}\, \mu_k $$

    Source: Boubekki et al., Machine Learning 110, 2021, sec. 3; Singh et al., ICASSP 2023 (SuperCM), sec. 2. In the
    convex hull of the centroids.
    """
    return probs @ centroids.to(probs.dtype)

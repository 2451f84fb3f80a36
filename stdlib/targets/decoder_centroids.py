"""The centroids that a trained decoder stands for."""

import torch
from torch import Tensor

from ssldsl.ops import Features, Probs, Values, op
from ssldsl.ops.net import Net


@op(paper="boubekki2021clustering", applied_to="probs")
def decoder_centroids(
    decoder: Net, probs: Probs[Tensor, "batch clusters"], features: Features[Tensor, "batch dim"]
) -> Values[Tensor, "clusters dim"]:
    r"""Clustering module's trained centroids: what a decoder makes of each cluster alone.

    $$ \mu_k = f(e_k) $$

    `decoder`: a network from responsibilities to features, such as `centroid_decoder`; a bias of it is part of every
    centroid. `probs` and `features` say how many clusters and dimensions there are; their values do not matter. The
    gradient reaches the decoder.

    Source: Boubekki et al., Machine Learning 110, 2021, released code. Any finite value.
    """
    clusters = torch.eye(probs.shape[1], dtype=probs.dtype, device=probs.device)
    return decoder.frozen(clusters)

"""Pairs of rows that stochastic neighbor embedding counts as neighbors."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Features, Fraction, Pairs, PositiveFloat, op
from ssldsl.stdlib.targets.knn_pairs import squared_distances


@op(paper="rebuffi2020lsdc", across="gather", least_rows=2)
def sne_pairs(
    features: Detached[Features[Tensor, "batch dim"]],
    *,
    threshold: Fraction = 0.01,
    temperature: PositiveFloat = 1.0,
) -> Pairs[Tensor, "batch batch"]:
    r"""SNE pairs (LSD-C): 1 for pairs that choose each other with a mean probability above `threshold`; else 0.

    $$ S_{ij} = \bigl[\, \tfrac12 (p_{j|i} + p_{i|j}) > \tau \,\bigr], \quad
       p_{j|i} = \frac{e^{-\|z_i - z_j\|^2 / T^2}}{\sum_{k \ne i} e^{-\|z_i - z_k\|^2 / T^2}}, \quad S_{ii} = 1 $$

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), released code; T is 1 on CIFAR-10, 0.5 on CIFAR-100 in 20 classes
    and on STL-10. T divides the difference before it is squared, and there is no factor 2. A row is left out of its
    own sum exactly (the released code takes 1000 from its logit). The threshold depends on the batch: of B rows at
    equal distances every pair has 1 / (B - 1), above 0.01 for a batch of 100. Rows of all processes are compared.
    """
    with torch.autocast(features.device.type, enabled=False):
        logits = -squared_distances(features) / temperature**2
        logits.fill_diagonal_(-torch.inf)
        mean = 0.5 * (logits.softmax(dim=1) + logits.softmax(dim=0))
    return (mean > threshold).fill_diagonal_(True).to(mean.dtype)

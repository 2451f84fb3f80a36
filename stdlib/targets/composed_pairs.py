"""Pair targets of rows that are composed of others."""

from functools import reduce

import torch
from torch import Tensor

from ssldsl.ops import Detached, Labels, Pairs, Weights, op


@op(paper="rebuffi2020lsdc", across="gather")
def composed_pairs(
    pairs: Detached[Pairs[Tensor, "batch batch"]],
    partners: Labels[Tensor, "batch parts"],
    shares: Weights[Tensor, "batch parts"],
    *,
    transposed: bool = False,
) -> Pairs[Tensor, "batch batch"]:
    r"""Soft pair targets (LSD-C): how much plain row j belongs to composed row i, which is made of several plain ones.

    $$ T_{ji} = \sum_k W_{ik}\, S_{j, \pi_k(i)} $$

    `partners` and `shares`, π and W, are those of `ricap`, `mixup_views` or `mixup_vectors`. In [0, 1] where shares sum
    to one; the columns are the composed rows, as `pair_cross_entropy` reads them.

    `transposed` is what the released code computes, T with rows and columns exchanged: there the order of the partners
    is applied to the plain side, so that the share of a partner, an eighth on average, is put on the wrong pair.

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), supplement. Several processes: the pairs of all rows.
    """
    parts = zip(partners.T, shares.T.to(pairs.dtype), strict=True)
    targets: Tensor = reduce(torch.add, (pairs[:, rows] * share for rows, share in parts))
    return targets.T if transposed else targets

"""Pairs of rows that point in nearly the same direction."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Detached, Features, Fraction, Pairs, op


@op(paper="rebuffi2020lsdc", across="gather", least_rows=2)
def cosine_pairs(
    features: Detached[Features[Tensor, "batch dim"]], *, threshold: Fraction = 0.9
) -> Pairs[Tensor, "batch batch"]:
    r"""Cosine pairs (LSD-C): 1 for pairs of rows whose cosine reaches `threshold`, and for a row with itself; else 0.

    $$ S_{ij} = [\, u_i \cdot u_j \ge \tau \,], \quad u_i = z_i / \|z_i\|, \quad S_{ii} = 1 $$

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), released code; 0.9 on CIFAR-10, 0.95 on CIFAR-100 in 20 classes.
    The features there come after a ReLU, so cosines are at least 0. A row of zeros is alike to itself alone; in the
    released code it is not a number and counts as alike to all. Rows are compared with those of all processes.
    """
    with torch.autocast(features.device.type, enabled=False):
        units = functional.normalize(features.to(torch.promote_types(features.dtype, torch.float32)), dim=1)
        pairs = units @ units.T >= threshold
    return pairs.fill_diagonal_(True).to(units.dtype)

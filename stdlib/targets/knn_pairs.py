"""Pairs of rows of which one is among the nearest of the other."""

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ssldsl.ops import Detached, Features, Pairs, op


@op(paper="rebuffi2020lsdc", across="gather", least_rows="k")
def knn_pairs(
    features: Detached[Features[Tensor, "batch dim"]], *, k: Annotated[int, Ge(3)] = 20
) -> Pairs[Tensor, "batch batch"]:
    r"""Nearest-neighbor pairs (LSD-C): 1 for pairs of which one row is nearer to the other than its `k`-th; else 0.

    $$ S_{ij} = [\, D_{ij} < t_i \,] \lor [\, D_{ij} < t_j \,], \quad D_{ij} = \|z_i - z_j\|^2, \quad
       t_i = \text{the } k\text{-th smallest of } D_{i\cdot} $$

    A row is the first of its own nearest and the comparison is strict, so k = 20 takes 18 others of each row; a pair
    counts if either takes the other. Rows as far as the k-th are left out: where k rows are equal, not even a row and
    itself are a pair.

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), released code; k is 20 on CIFAR-10, 10 on CIFAR-100 in 20 classes
    and on MNIST, 5 on Reuters. Rows of all processes are compared; a batch must have at least k.
    """
    with torch.autocast(features.device.type, enabled=False):
        distances = squared_distances(features)
        if k > len(distances):
            raise ValueError(f"a batch of {len(distances)} rows has no {k}-th nearest row: make k smaller")
        near = distances < distances.kthvalue(k, dim=1, keepdim=True).values
    return (near | near.T).to(distances.dtype)


def squared_distances(rows: Tensor) -> Tensor:
    """Squared distances of all pairs of rows, in float32 or more: exactly symmetric, and exactly 0 on the diagonal.

    Differences of rows, and not products: products cancel, and strict comparisons would then turn on rounding. Some
    rows at a time, all in one place: neither a tensor of batch times batch times dim nor its pieces are kept.
    """
    rows = rows.detach().to(torch.promote_types(rows.dtype, torch.float32))
    size = max(1, 2**20 // max(1, rows.numel()))
    found, place = rows.new_empty(len(rows), len(rows)), rows.new_empty(min(size, len(rows)), *rows.shape)
    for part, result in zip(torch.split(rows, size), torch.split(found, size), strict=True):
        differences = torch.sub(part.unsqueeze(1), rows, out=place[: len(part)])
        torch.sum(differences.square_(), dim=2, out=result)
    return found

"""Binary cross-entropy of pairs of rows: whether they belong together."""

from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from ssldsl.ops import Detached, Pairs, Probs, Scalar, op


@op(paper="rebuffi2020lsdc", across="gather", least_rows=2)
def pair_cross_entropy(
    probs: Probs[Tensor, "batch classes"],
    others: Probs[Tensor, "batch classes"],
    pairs: Detached[Pairs[Tensor, "batch batch"]],
    *,
    epsilon: Annotated[float, Gt(0)] = 1e-7,
) -> Scalar[Tensor, ""]:
    r"""Pairwise binary cross-entropy (LSD-C): whether two rows fall into one cluster, in the mean over all pairs.

    $$ L = -\frac{1}{B^2} \sum_{ij} \bigl( T_{ij} \log(g_{ij} + \epsilon)
       + (1 - T_{ij}) \log(1 - g_{ij} + \epsilon) \bigr), \quad g_{ij} = \sum_c p_{ic}\, q_{jc} $$

    `probs`: p, of the rows of T; `others`: q, of its columns; both learn. `pairs`: T, 1 for pairs that belong together,
    or in between. In [0, -log epsilon]; of a target t strictly between 0 and 1 the least is its own entropy. With no
    term for balance, the pairs that do not belong together alone keep clusters apart.

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), released code, with epsilon inside both logarithms. Computed in
    float32 or more, where 1 - g + 1e-7 is not 1 - g. Several processes: the pairs of all rows.
    """
    exact = torch.promote_types(probs.dtype, torch.float32)
    with torch.autocast(probs.device.type, enabled=False):
        together = probs.to(exact) @ others.to(exact).T
        targets = pairs.to(exact)
        agree, differ = (together + epsilon).log(), (1 - together + epsilon).log()
        return -(targets * agree + (1 - targets) * differ).mean()

"""How often rows that are made a pair are of one class."""

from torch import Tensor

from ssldsl.ops import Detached, Labels, Pairs, Scalar, op


@op(paper="rebuffi2020lsdc", across="gather", least_rows=2)
def pair_purity(pairs: Detached[Pairs[Tensor, "batch batch"]], labels: Labels[Tensor, "batch"]) -> Scalar[Tensor, ""]:
    r"""Purity of pairs, to be watched: of all pairs of a batch, the share whose two rows have one label.

    $$ \frac{\sum_{i \ne j} S_{ij}\, [\, y_i = y_j \,]}{\sum_{i \ne j} S_{ij}} $$

    In [0, 1]; 0 where there is no pair. A row and itself are none. By chance it is the sum of squares of the classes'
    shares, a tenth for ten classes of one size.

    Source: no paper; what pair labels such as those of LSD-C (Rebuffi et al., arXiv 2006.10039) are worth.
    """
    others = pairs.detach().clone().fill_diagonal_(0)
    right = (others * (labels.unsqueeze(1) == labels)).sum()
    return right / others.sum().clamp(min=1)

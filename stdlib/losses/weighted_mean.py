"""The mean over the rows that count."""

from torch import Tensor

from ssldsl.ops import Detached, Losses, Scalar, Weights, op


@op(across="gather")
def weighted_mean(losses: Losses[Tensor, "batch"], weights: Detached[Weights[Tensor, "batch"]]) -> Scalar[Tensor, ""]:
    r"""The mean of losses over the rows that count, by a weight or a mask for every row.

    $$ L = \frac{\sum_b w_b \ell_b}{\sum_b w_b} $$

    Where no row counts it is 0. `mean(mask * losses)` is over all rows instead, those that are left out as 0.

    Source: common practice; no paper. Several processes: the rows of all.
    """
    total = weights.sum()
    return (weights * losses).sum() / total.where(total > 0, 1)

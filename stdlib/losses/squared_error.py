"""Squared distance of two rows of numbers, or of those at every place."""

from typing import Literal

from torch import Tensor

from ssldsl.ops import Losses, Values, op


@op()
def squared_error(
    values: Values[Tensor, "batch ... dim"],
    target: Values[Tensor, "batch ... dim"],
    *,
    over: Literal["sum", "mean"] = "sum",
) -> Losses[Tensor, "batch ..."]:
    r"""Squared error of every row: its squared Euclidean distance from another.

    $$ \ell_b = \sum_j (x_{bj} - y_{bj})^2 $$

    `over` mean: divided by the number of dimensions. Both sides learn; `stop(...)` around one makes it a target.

    Source: common practice; no paper. At least 0.
    """
    squared = (values - target).square()
    return squared.sum(dim=-1) if over == "sum" else squared.mean(dim=-1)

"""Training data without their validation part."""

from ssldsl.ops import Count, File, NonNegativeInt, PositiveInt, op
from ssldsl.ops.data import Data
from ssldsl.stdlib.data.holdout import held_out_rows, other_rows


@op(size="-count")
def without_holdout(
    data: Data,
    *,
    count: Count | None = None,
    per_class: PositiveInt | None = None,
    names: File | None = None,
    seed: NonNegativeInt = 0,
) -> Data:
    """A data set without the samples that `holdout` with the same settings keeps for validation.

    Source: no paper.
    """
    return data.take(other_rows(held_out_rows(data, count, per_class, names, seed), len(data)))

"""A validation part of the training data."""

import torch
from torch import Tensor

from ssldsl.ops import Count, File, NonNegativeInt, PositiveInt, op
from ssldsl.ops.data import Data, Samples
from ssldsl.ops.data_dirs import find_given
from ssldsl.ops.stratified_subsets import check_one_way, choose, number_of, proportional_shares
from ssldsl.stdlib.data.subset import rows_named, rows_per_class


def held_out_rows(
    data: Samples, count: int | float | None, per_class: int | None, names: str | None, seed: int
) -> Tensor:
    """Rows of the part that is kept for validation."""
    check_one_way("holdout", count, per_class, names)
    if names is not None:
        return rows_named(data, find_given("holdout", names, ""))
    if per_class is not None:
        return rows_per_class(data, per_class, seed, "holdout")
    assert count is not None
    return choose(data, number_of(data, count), seed, "holdout", proportional_shares)


def other_rows(rows: Tensor, total: int) -> Tensor:
    """All rows but these, ascending."""
    return torch.ones(total, dtype=torch.bool).index_fill_(0, rows, False).nonzero().squeeze(1)


@op(size="count", held_out=True)
def holdout(
    data: Data,
    *,
    count: Count | None = None,
    per_class: PositiveInt | None = None,
    names: File | None = None,
    seed: NonNegativeInt = 0,
) -> Data:
    """A validation part of a data set: `count` samples, `per_class` of each class, or those that a file names.

    Source: no paper. The rest is `without_holdout` of the same settings. `count` is a number or a percentage, and the
    part is stratified: classes keep their shares; `per_class` takes as many of every class. The choice depends on the
    seed and the samples' numbers alone. A file of names is written as for `subset`, so that a published split can be
    used as it is.
    """
    return data.take(held_out_rows(data, count, per_class, names, seed))

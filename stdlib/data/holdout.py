"""A validation part of the training data."""

import torch
from torch import Tensor

from ssldsl.ops import Count, NonNegativeInt, op
from ssldsl.ops.choosing import choose, number_of, proportional_shares
from ssldsl.ops.data import Data, Samples


def held_out_rows(data: Samples, count: int | float, seed: int) -> Tensor:
    """Rows of the part that is kept for validation."""
    return choose(data, number_of(data, count), seed, "holdout", proportional_shares)


def other_rows(rows: Tensor, total: int) -> Tensor:
    """All rows but these, ascending."""
    return torch.ones(total, dtype=torch.bool).index_fill_(0, rows, False).nonzero().squeeze(1)


@op(size="count", held_out=True)
def holdout(data: Data, *, count: Count, seed: NonNegativeInt = 0) -> Data:
    """`count` samples, a number or a percentage, for validation; the rest is `without_holdout` of the same settings.

    Source: no paper. Classes keep their shares of the whole. The choice depends on the seed and the samples' numbers
    alone.
    """
    return data.take(held_out_rows(data, count, seed))

"""What is left of a data set without some of its samples."""

import torch

from ssldsl.ops import op
from ssldsl.ops.data import Data


@op(size="data-other")
def minus(data: Data, other: Data) -> Data:
    """The samples of a data set that another part of it has not: `images.train.minus(labeled)`.

    Source: no paper. Both are parts of the same split; of `other` the numbers of its samples are read and nothing else.
    """
    rows = (~torch.isin(data.ids.cpu(), other.ids.cpu())).nonzero().squeeze(1)
    if not len(rows):
        raise ValueError(f"no sample is left of {len(data)}: all of them are left out")
    return data.take(rows)

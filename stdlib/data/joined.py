"""Two data sets as one."""

from ssldsl.ops import op
from ssldsl.ops.data import Data
from ssldsl.ops.joining import join


@op(size="data+other")
def joined(data: Data, other: Data) -> Data:
    """The samples of two data sets as one: first those of `data`, then those of `other`, numbered anew.

    Source: no paper. Samples have the fields that both have: with one part unlabeled, none has a label. If either part
    is held out for evaluation, so is the whole; `transductive` lets a loss see it without labels.
    """
    return join([data, other])

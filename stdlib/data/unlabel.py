"""Data without their labels."""

from ssldsl.ops import op
from ssldsl.ops.data import Data


@op(drops="label")
def unlabel(data: Data) -> Data:
    """A data set without its labels: nothing downstream can see one.

    Source: no paper.
    """
    return data.without("label")

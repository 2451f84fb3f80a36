"""Data without their labels."""

from ssldsl.ops import op
from ssldsl.ops.data import Data


@op(drops="label")
def unlabel(data: Data) -> Data:
    """The same samples; nothing downstream can see a label.

    Source: no paper.
    """
    return data.without("label")

"""Held-out data that a loss may see, without their labels."""

from ssldsl.ops import op
from ssldsl.ops.data import Data


@op(drops="label", held_out=False)
def transductive(data: Data) -> Data:
    """A data set without its labels that a loss may see although it is held out: transductive learning, on purpose.

    Source: no paper; the protocol of deep clustering, which trains on all images of a data set, test images among them,
    and evaluates on the same ones. `ssldsl check` says so, and so do the notes and the report of every run: such a
    number must not be compared with one of a test set that was never seen.
    """
    return data.without("label")

"""Cosine decay."""

import math

from ssldsl.ops import Duration, NonNegativeFloat, PositiveFloat, Time, op


@op(paper="loshchilov2017sgdr", identity={"to": 1})
def cosine(
    step: Time,
    steps: Time,
    *,
    to: NonNegativeFloat = 0.0,
    length: Duration | None = None,
    cycles: PositiveFloat = 0.5,
    beyond: bool = False,
) -> float:
    r"""Cosine decay: from 1 at the first step to `to` at the end of the run, or of `length`, where it stays.

    $$ f(t) = a + (1 - a)\,\tfrac{1}{2}\,(1 + \cos 2 \pi k t), \quad t = \min(step / length, 1), \quad a = to,
       \; k = \text{cycles} $$

    `cycles`: half a cycle by default, one way down; 1 is down and up again. `beyond`: `length` is more than the run on
    purpose, so that the run ends before `to`. Cycles that begin anew at 1 are `repeat(cosine(), every=10ep)`.

    Source: Loshchilov & Hutter, ICLR 2017, eq. 5, without restarts. Between `to` and 1; `to` itself would be reached
    one step after the last of the run.
    """
    whole = steps if length is None else length
    t = min(step / whole, 1.0) if whole > 0 else 1.0
    return to + (1.0 - to) * 0.5 * (1.0 + math.cos(2.0 * math.pi * cycles * t))

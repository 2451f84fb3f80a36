"""Cosine decay."""

import math

from ssldsl.ops import NonNegativeFloat, Time, op


@op(paper="loshchilov2017sgdr")
def cosine(step: Time, steps: Time, *, to: NonNegativeFloat = 0.0) -> float:
    r"""Cosine decay: from 1 at the first step to `to` at the end of the run.

    $$ f(t) = a + (1 - a)\,\tfrac{1}{2}\,(1 + \cos \pi t), \quad t = \min(step / steps, 1), \quad a = to $$

    Source: Loshchilov & Hutter, ICLR 2017, eq. 5, without restarts. Between `to` and 1; `to` itself would be reached
    one step after the last of the run.
    """
    t = min(step / steps, 1.0) if steps > 0 else 1.0
    return to + (1.0 - to) * 0.5 * (1.0 + math.cos(math.pi * t))

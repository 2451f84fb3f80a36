"""Sigmoid-shaped ramp-up, slow at first."""

import math

from ssldsl.ops import Duration, PositiveFloat, Time, op


@op(paper="laine2017temporal")
def sigmoid_ramp(
    step: Time, steps: Time, *, length: Duration | None = None, rate: PositiveFloat = 5.0, beyond: bool = False
) -> float:
    r"""Sigmoid-shaped ramp-up (Π-model): from exp(-rate) at the first step to 1 at step `length`, where it stays.

    $$ f(t) = e^{-r (1 - t)^2}, \quad t = \min(step / length, 1) $$

    Without `length` it takes the whole run; `beyond` says that it is longer than the run on purpose.

    Source: Laine & Aila, ICLR 2017, sec. 3, with rate 5. Between exp(-rate) and 1: 0.0067 at the first step for rate 5.
    """
    whole = steps if length is None else length
    t = min(step / whole, 1.0) if whole > 0 else 1.0
    return math.exp(-rate * (1.0 - t) ** 2)

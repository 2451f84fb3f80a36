"""Exponential ramp-up, steepest at its end."""

import math

from ssldsl.ops import Duration, PositiveFloat, Time, op


@op(paper="xie2020uda")
def exp_ramp(
    step: Time, steps: Time, *, length: Duration | None = None, rate: PositiveFloat = 5.0, beyond: bool = False
) -> float:
    r"""Exponential ramp-up (UDA): from exp(-rate) at the first step to 1 at step `length`, where it stays.

    $$ f(t) = e^{r (t - 1)}, \quad t = \min(step / length, 1) $$

    Without `length` it takes the whole run; `beyond` says that it is longer than the run on purpose.

    Source: Xie et al., NeurIPS 2020 (UDA), sec. 3.2, the exponential schedule, with rate 5. Between exp(-rate) and 1.
    """
    whole = steps if length is None else length
    t = min(step / whole, 1.0) if whole > 0 else 1.0
    return math.exp(rate * (t - 1.0))

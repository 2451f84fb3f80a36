"""Logarithmic ramp-up, steepest at its start."""

import math

from ssldsl.ops import Duration, PositiveFloat, Time, op


@op(paper="xie2020uda")
def log_ramp(
    step: Time, steps: Time, *, length: Duration | None = None, rate: PositiveFloat = 5.0, beyond: bool = False
) -> float:
    r"""Logarithmic ramp-up (UDA): from 0 at the first step to 1 - exp(-rate) at step `length`, where it stays.

    $$ f(t) = 1 - e^{-r t}, \quad t = \min(step / length, 1) $$

    Without `length` it takes the whole run; `beyond` says that it is longer than the run on purpose.

    Source: Xie et al., NeurIPS 2020 (UDA), sec. 3.2, the logarithmic schedule of training signal annealing, with rate
    5: the threshold there is `1/K + (1 - 1/K)*log_ramp()`. Between 0 and 1: 0.9933 at the end for rate 5.
    """
    whole = steps if length is None else length
    t = min(step / whole, 1.0) if whole > 0 else 1.0
    return 1.0 - math.exp(-rate * t)

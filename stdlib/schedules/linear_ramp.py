"""Linear ramp between two factors."""

import math

from ssldsl.ops import Duration, NonNegativeFloat, Time, op


@op()
def linear_ramp(
    step: Time,
    steps: Time,
    *,
    length: Duration | None = None,
    start: NonNegativeFloat = 0.0,
    to: NonNegativeFloat = 1.0,
    every: Duration | None = None,
    endpoint: bool = False,
    beyond: bool = False,
) -> float:
    r"""Linear ramp: from `start` at the first step to `to` at step `length`, where it stays.

    $$ f(t) = a + (b - a)\, t, \quad t = \min(step / length, 1) $$

    Without `length` it takes the whole run. `every`: a staircase, which changes only at multiples of this time.
    `endpoint`: `to` is reached one step of it earlier, at the last one within `length`, as in NumPy's `linspace`. So
    `0.04 + 0.03*linear_ramp(10ep, every=1ep, endpoint=true)` has ten values, one for each epoch. `beyond`: it is longer
    than the run on purpose.

    Source: common practice; `every` and `endpoint` as the temperature of the teacher in Caron et al., ICCV 2021
    (DINO), released code. Between `start` and `to`.
    """
    unit = 1.0 if every is None else every
    done = step if every is None else unit * math.floor(step / unit)
    last = (steps if length is None else length) - endpoint * unit
    t = min(done / last, 1.0) if last > 0 else 1.0
    return start + (to - start) * t

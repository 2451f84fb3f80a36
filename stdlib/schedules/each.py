"""A schedule that changes at the beginning of each epoch only."""

import math

from ssldsl.ops import Duration, Schedule, Time, op


@op(paper="rebuffi2020lsdc")
def each(step: Time, steps: Time, *, time: Duration, schedule: Schedule) -> float:
    r"""A schedule that is held for each stretch of `time`: `each(1ep, sigmoid_ramp(100ep))` changes once an epoch.

    $$ f(s) = g\bigl( u \lfloor s / u \rfloor \bigr), \quad u = \text{time} $$

    Its value is that at the beginning of the stretch: with `1ep`, that of the zero-based epoch.

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), released code, whose weight of consistency is constant within an
    epoch; common practice. Its values are those of the schedule.
    """
    return schedule(time * math.floor(step / time) if time > 0 else step, steps)

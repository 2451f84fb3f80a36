"""A staircase down."""

import math

from ssldsl.ops import Duration, NonNegativeFloat, NonNegativeInt, Time, op


@op()
def drops(
    step: Time,
    steps: Time,
    *,
    at: list[Duration] = [],  # noqa: B006  # a literal default that is only read
    every: Duration | None = None,
    by: NonNegativeFloat = 0.1,
    delay: NonNegativeInt = 0,
) -> float:
    r"""A factor that starts at 1 and is multiplied by `by` at each of the given times, or at each multiple of `every`.

    $$ f = by^{\,n}, \quad n = \#\{d \in at : step \ge d + delay\} + \lfloor (step - delay) / every \rfloor^+ $$

    `delay`: steps by which a drop is late. S4L's released code has 1: the step that begins a new period keeps the old
    rate.

    Source: common practice; no paper. Between 0 and 1 for `by` up to 1.
    """
    count = sum(step >= time + delay for time in at)
    if every is not None and every > 0:
        count += max(0, math.floor((step - delay) / every))
    return float(by**count)

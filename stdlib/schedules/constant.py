"""A constant factor."""

from ssldsl.ops import Duration, Time, op


@op()
def constant(step: Time, steps: Time, *, length: Duration) -> float:
    r"""Constant 1 for the time `length`, to stand before another schedule: `constant(10ep) then cosine()`.

    $$ f(t) = 1 $$

    Source: common practice; no paper. Always 1.
    """
    return 1.0

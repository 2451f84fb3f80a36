"""A straight line between two factors."""

from ssldsl.ops import Duration, NonNegativeFloat, Time, op


@op()
def linear_ramp(
    step: Time,
    steps: Time,
    *,
    length: Duration | None = None,
    start: NonNegativeFloat = 0.0,
    to: NonNegativeFloat = 1.0,
) -> float:
    r"""A factor that goes in a straight line from `start` at the first step to `to` at step `length`, and stays.

    $$ f(t) = a + (b - a)\, t, \quad t = \min(step / length, 1) $$

    Without `length` it takes the whole run.

    Source: common practice; no paper. Between `start` and `to`.
    """
    whole = steps if length is None else length
    t = min(step / whole, 1.0) if whole > 0 else 1.0
    return start + (to - start) * t

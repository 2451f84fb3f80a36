"""1 at the end of every period."""

from ssldsl.ops import Duration, Time, op


@op()
def pulse(step: Time, steps: Time, *, every: Duration) -> float:
    r"""A clock: 1 at the last step of every period, 0 at all others.

    $$ f(t) = \lfloor (t + 1) / p \rfloor - \lfloor t / p \rfloor $$

    Source: common practice; no paper. Says when a memory does what it does not do at every step, as in `kmeans_bank`.
    """
    return float((step + 1) // every > step // every)

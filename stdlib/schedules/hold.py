"""Waiting at one."""

from ssldsl.ops import Duration, Time, op


@op()
def hold(step: Time, steps: Time, *, length: Duration) -> float:
    r"""The factor 1, for `length`: what comes before a fall, as in `hold(10ep) then cosine()`.

    $$ f(t) = 1 $$

    Source: common practice; no paper. Always 1.
    """
    return 1.0

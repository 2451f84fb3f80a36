"""Linear warm-up."""

from ssldsl.ops import Duration, Fraction, Time, op


@op(paper="goyal2017minibatch")
def warmup(
    step: Time, steps: Time, *, length: Duration, start: Fraction = 0.0, endpoint: bool = False, beyond: bool = False
) -> float:
    r"""Linear warm-up: from `start` at the first step to 1 at step `length`, where it stays.

    $$ f(t) = a + (1 - a)\, t, \quad t = \min(step / length, 1), \quad a = start $$

    `endpoint`: 1 is reached a step earlier, at the last one of `length`, as in NumPy's `linspace`; t is then
    step / (length - 1). `beyond`: it is longer than the run on purpose.

    Source: Goyal et al., 2017, sec. 2.2; with `endpoint` the released codes of Caron et al., NeurIPS 2020 (SwAV), and
    ICCV 2021 (DINO). Between `start` and 1. The first step itself has `start`: with 0 it changes nothing.
    """
    last = length - endpoint
    t = min(step / last, 1.0) if last > 0 else 1.0
    return start + (1.0 - start) * t

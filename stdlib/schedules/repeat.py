"""A schedule that begins anew again and again."""

from ssldsl.ops import Duration, Schedule, Time, op


@op(paper="athiwaratkun2019fastswa")
def repeat(step: Time, steps: Time, *, schedule: Schedule, every: Duration, start: Duration | None = None) -> float:
    r"""A schedule that is repeated every so often: `repeat(cosine(), every=40ep)` has warm restarts.

    $$ f(s) = g\bigl( a + (s - a) \bmod u \bigr) \text{ for } s \ge a, \text{ else } g(s), \quad
       u = \text{every}, \; a = \text{start} $$

    The schedule lasts for one round: where it takes a whole run, that is `every`. With `start` it runs up to there
    first, and the stretch behind is repeated; one round is then `start` and `every` together.

    Source: Loshchilov & Hutter, ICLR 2017 (SGDR), with rounds of one length; with `start` Athiwaratkun et al., ICLR
    2019 (fast-SWA): `repeat(cosine(length=210ep), every=30ep, start=150ep)`. Its values are those of the schedule.
    """
    first = 0.0 if start is None else start
    place = step if step < first or every <= 0 else first + (step - first) % every
    return schedule(place, first + every)

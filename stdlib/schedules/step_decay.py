"""Step decay."""

import math

from ssldsl.ops import Duration, NonNegativeFloat, NonNegativeInt, Time, op


@op(identity={"gamma": 1})
def step_decay(
    step: Time,
    steps: Time,
    *,
    milestones: list[Duration] = [],  # noqa: B006  # a literal default that is only read
    every: Duration | None = None,
    gamma: NonNegativeFloat = 0.1,
    delay: NonNegativeInt = 0,
) -> float:
    r"""Step decay: a factor from 1 on that is multiplied by `gamma` at each milestone, or at each multiple of `every`.

    $$ f = \gamma^{\,n}, \quad n = \#\{m \in milestones : step \ge m + delay\}
       + \lfloor (step - delay) / every \rfloor^+ $$

    `delay`: by how many steps each drop is late. S4L's released code has 1: the step that begins a new period keeps the
    old rate.

    Source: common practice; no paper. Between 0 and 1 for `gamma` up to 1.
    """
    count = sum(step >= time + delay for time in milestones)
    if every is not None and every > 0:
        count += max(0, math.floor((step - delay) / every))
    return float(gamma**count)

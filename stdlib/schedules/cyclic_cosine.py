"""A cosine whose end is passed through again and again."""

import math

from ssldsl.ops import Duration, Time, op


@op(paper="athiwaratkun2019many")
def cyclic_cosine(step: Time, steps: Time, *, length: Duration, cycle: Duration, over: Duration | None = None) -> float:
    r"""Cosine decay for `length`, whose last `cycle` is then repeated until the end of the run, as fast-SWA has it.

    $$ f(t) = \tfrac{1}{2} (1 + \cos(\pi\, s / \text{over})), \quad
       s = t \text{ up to } l, \text{ then } l - c + ((t - l) \bmod c) $$

    `over`: after how long the cosine would be 0, no less than `length`; without it that is `length`.

    Source: Athiwaratkun et al., ICLR 2019 (fast-SWA), sec. 4: length 180 epochs, cycle 30, over 210. In [0, 1].
    """
    whole = length if over is None else over
    if whole < length or cycle > length:
        raise ValueError(f"a cycle of {cycle:g} steps in {length:g} of {whole:g}: each must be no more than the next")
    place = step if step < length else length - cycle + math.fmod(step - length, cycle)
    return 0.5 * (1 + math.cos(math.pi * place / whole))

"""The first part of a cosine."""

import math
from typing import Annotated

from annotated_types import Gt, Le

from ssldsl.ops import Duration, Time, op


@op(paper="sohn2020fixmatch")
def cosine_arc(
    step: Time,
    steps: Time,
    *,
    arc: Annotated[float, Gt(0), Le(0.5)] = 0.4375,
    length: Duration | None = None,
    beyond: bool = False,
) -> float:
    r"""The first part of a cosine (FixMatch): from 1 at the first step to cos(pi arc) at the end, slow at first.

    $$ f(t) = \cos(\pi\, \text{arc}\; t), \quad t = \min(step / length, 1) $$

    Without `length` it takes the whole run; `beyond` says that it is longer than the run on purpose.

    Source: Sohn et al., NeurIPS 2020 (FixMatch), sec. 2.4: cos(7 pi k / 16 K), the default, which USB uses for all of
    its methods; AdaMatch ends at 0.25, with an arc of 0.4195693767. Between 0 and 1: 0.1951 at the end for 7/16.
    """
    whole = steps if length is None else length
    t = min(step / whole, 1.0) if whole > 0 else 1.0
    return math.cos(math.pi * arc * t)

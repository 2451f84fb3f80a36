"""Logits moved by a center."""

from torch import Tensor

from ssldsl.ops import Logits, Values, op


@op(paper="caron2021dino")
def centered(
    logits: Logits[Tensor, "batch classes"], center: Values[Tensor, "classes"]
) -> Logits[Tensor, "batch classes"]:
    r"""Centering of DINO: the logits minus a running center.

    $$ z_{bc} - c_c $$

    With the running mean of `center`, no class is ahead in all rows for long.

    Source: Caron et al., ICCV 2021 (DINO), algorithm 1. Results have no limits.
    """
    return logits - center

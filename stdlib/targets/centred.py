"""Scores moved by a centre."""

from torch import Tensor

from ssldsl.ops import Logits, Values, op


@op(paper="caron2021dino")
def centred(
    logits: Logits[Tensor, "batch classes"], centre: Values[Tensor, "classes"]
) -> Logits[Tensor, "batch classes"]:
    r"""The scores less their centre.

    $$ z_{bc} - c_c $$

    With the running mean of `centre`, no class is ahead in all rows for long.

    Source: Caron et al., ICCV 2021 (DINO), algorithm 1. Scores have no limits.
    """
    return logits - centre

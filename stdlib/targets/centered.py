"""Logits moved by a center."""

from torch import Tensor

from ssldsl.ops import Logits, Values, op


@op(paper="caron2021dino")
def centered(
    logits: Logits[Tensor, "batch ... classes"], center: Values[Tensor, "classes"]
) -> Logits[Tensor, "batch ... classes"]:
    r"""DINO's centering: the logits minus a running center.

    $$ z_{bc} - c_c $$

    With the running mean of `center` no class can win in all rows.

    Source: Caron et al., ICCV 2021 (DINO), algorithm 1. Results have no limits.
    """
    return logits - center

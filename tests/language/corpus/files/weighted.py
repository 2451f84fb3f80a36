"""A loss with a weight for every row as an edge of its own."""

from torch import Tensor

from ssldsl.ops import Detached, Logits, Losses, Probs, Weights, op


@op(role="losses")
def weighted_kl(
    logits: Logits[Tensor, "batch classes"],
    target: Detached[Probs[Tensor, "batch classes"]],
    weights: Weights[Tensor, "batch"],
) -> Losses[Tensor, "batch"]:
    """Cross-entropy of every row, times its weight."""
    return weights * -(target * logits.log_softmax(dim=-1)).sum(dim=-1)

from torch import Tensor

from ssldsl.ops import op
from ssldsl.ops.kinds import Logits, Losses, Pairs


@op(role="losses", across="mean")
def agree(
    logits: Logits[Tensor, "batch classes"], pairs: Pairs[Tensor, "batch batch"]
) -> Losses[Tensor, "batch"]:
    """Rows that are alike have one answer."""
    p = logits.softmax(-1)
    return (pairs * (p @ p.T)).mean(-1)

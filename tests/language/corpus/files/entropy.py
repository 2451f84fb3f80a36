"""Another entropy, under the name that the library's has."""

from ssldsl.ops import op
from ssldsl.ops.kinds import Logits, Scalar
from torch import Tensor


@op(role="losses")
def entropy(logits: Logits[Tensor, "batch classes"]) -> Scalar[Tensor, ""]:
    """Mean entropy of the predictions in bits."""
    log_p = logits.log_softmax(dim=-1)
    return -(log_p.exp() * log_p).sum(dim=-1).mean() / 0.6931471805599453

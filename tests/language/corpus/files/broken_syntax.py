"""A loss whose file was cut off."""

from ssldsl.ops import op
from ssldsl.ops.kinds import Logits, Scalar
from torch import Tensor


@op(role="losses")
def broken_syntax(logits: Logits[Tensor, "batch classes"] -> Scalar[Tensor, ""]:
    """Mean of the largest scores."""
    return logits.amax(dim=-1).mean()

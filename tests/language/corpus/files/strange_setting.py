"""A loss with a setting of a type that no spec could write."""

from ssldsl.ops import op
from ssldsl.ops.kinds import Logits, Scalar
from torch import Tensor


@op(role="losses")
def strange_setting(logits: Logits[Tensor, "batch classes"], *, weights: dict[str, float]) -> Scalar[Tensor, ""]:
    """Mean of the largest scores."""
    return logits.amax(dim=-1).mean() * weights["all"]

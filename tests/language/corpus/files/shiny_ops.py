"""Confidence of predictions, as a loss of one's own."""

from torch import Tensor

from ssldsl.ops import op
from ssldsl.ops.kinds import Logits, PositiveFloat, Scalar


@op(role="losses")
def shiny_ops(logits: Logits[Tensor, "batch classes"], *, power: PositiveFloat = 2.0) -> Scalar[Tensor, ""]:
    """Mean of the powers of the largest scores."""
    return logits.amax(dim=-1).pow(power).mean()

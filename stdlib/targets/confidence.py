"""The confidence of predictions."""

from torch import Tensor

from ssldsl.ops import Probs, Weights, op


@op(paper="sohn2020fixmatch")
def confidence(probs: Probs[Tensor, "batch classes"]) -> Weights[Tensor, "batch"]:
    r"""Confidence of every row: the probability of its most likely class.

    $$ c_b = \max_k p_{bk} $$

    `confidence(p) >= 0.95` is a mask over rows, which multiplies their losses.

    Source: Sohn et al., NeurIPS 2020 (FixMatch), eq. 4. In [1 / classes, 1].
    """
    return probs.amax(dim=-1).clamp(max=1)  # rounding may leave a hair more than one

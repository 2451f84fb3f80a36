"""How sure predictions are."""

from torch import Tensor

from ssldsl.ops import Probs, Weights, op


@op(paper="sohn2020fixmatch")
def confidence(probs: Probs[Tensor, "batch classes"]) -> Weights[Tensor, "batch"]:
    r"""The probability of the most likely class of every row.

    $$ c_b = \max_k p_{bk} $$

    `confidence(p) >= 0.95` is the mask of the rows that are surer than that, for a factor of their losses.

    Source: Sohn et al., NeurIPS 2020 (FixMatch), eq. 4. In [1 / classes, 1].
    """
    return probs.amax(dim=-1).clamp(max=1)  # rounding may leave a hair more than one

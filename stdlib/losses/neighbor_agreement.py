"""A sample and its neighbor fall into one cluster."""

import torch
from torch import Tensor

from ssldsl.ops import Losses, Probs, op


@op(paper="vangansbeke2020scan")
def neighbor_agreement(
    probs: Probs[Tensor, "batch classes"], others: Probs[Tensor, "batch classes"]
) -> Losses[Tensor, "batch"]:
    r"""SCAN's consistency: minus the logarithm of the dot product of the predictions for a sample and for a neighbor.

    $$ \ell_b = -\log \sum_c p_{bc}\, q_{bc} $$

    Least where both are certain of one cluster. Both sides learn.

    Source: Van Gansbeke et al., ECCV 2020 (SCAN), eq. 2; the logarithm is at least -100, as in the released code. At
    least 0.
    """
    exact = torch.promote_types(probs.dtype, torch.float32)
    with torch.autocast(probs.device.type, enabled=False):
        return -(probs.to(exact) * others.to(exact)).sum(dim=1).log().clamp(min=-100)

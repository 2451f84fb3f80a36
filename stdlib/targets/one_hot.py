"""Labels as distributions."""

import torch
from torch import Tensor

from ssldsl.ops import Labels, PositiveInt, Probs, op


@op()
def one_hot(labels: Labels[Tensor, "batch"], *, classes: PositiveInt) -> Probs[Tensor, "batch {classes}"]:
    r"""The distribution that is certain of the label.

    $$ q_{bc} = [c = y_b] $$

    Source: common practice; no paper. 0 or 1.
    """
    return torch.zeros(len(labels), classes, device=labels.device).scatter_(1, labels.unsqueeze(1), 1.0)

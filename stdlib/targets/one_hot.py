"""Labels as distributions."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Labels, PositiveInt, Probs, op


@op()
def one_hot(
    labels: Labels[Tensor, "batch"], *, classes: PositiveInt, smoothing: Fraction = 0.0
) -> Probs[Tensor, "batch {classes}"]:
    r"""One-hot label distributions, with label smoothing.

    $$ q_{bc} = (1 - s)\,[c = y_b] + s / C $$

    `smoothing` spreads s over all classes, as in `cross_entropy`.

    Source: common practice; no paper. 0 or 1 without smoothing.
    """
    off = smoothing / classes
    certain = torch.full((len(labels), classes), off, device=labels.device)
    return certain.scatter_(1, labels.unsqueeze(1), 1 - smoothing + off)

"""Entropy of the mean prediction."""

import torch
from torch import Tensor

from ssldsl.ops import Probs, Scalar, op


@op(paper="assran2021paws", across="gather")
def marginal_entropy(probs: list[Probs[Tensor, "batch classes"]]) -> Scalar[Tensor, ""]:
    r"""Entropy of the mean prediction over all rows of all batches, in nats: large where all classes are used alike.

    $$ H = -\sum_c \bar p_c \log \bar p_c, \quad \bar p_c = \frac{1}{V B} \sum_{v, b} p^{(v)}_{bc} $$

    Source: Assran et al., ICCV 2021 (PAWS), eq. 1, where it is subtracted from the loss. In [0, log classes]. Several
    processes: the mean is over the rows of all of them.
    """
    mean = torch.cat(probs).mean(dim=0)
    return -(mean * mean.clamp(min=torch.finfo(mean.dtype).tiny).log()).sum()

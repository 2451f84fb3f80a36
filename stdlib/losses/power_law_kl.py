"""How far the mean prediction is from a long tail of classes."""

import torch
from torch import Tensor

from ssldsl.ops import NonNegativeFloat, Probs, Scalar, op


@op(paper="assran2023pmsn", across="gather")
def power_law_kl(
    probs: list[Probs[Tensor, "batch classes"]], *, exponent: NonNegativeFloat = 0.25
) -> Scalar[Tensor, ""]:
    r"""PMSN's regularizer: the divergence of the mean prediction from a power law, the first class the most frequent.

    $$ D = \sum_c q_c \log \frac{q_c}{\bar p_c}, \quad q_c \propto c^{-a}, \quad
       \bar p_c = \frac{1}{V B} \sum_{v, b} p^{(v)}_{bc} $$

    `exponent`: a; with 0 all classes are wanted alike.

    Source: Assran et al., ICLR 2023 (PMSN); exponent as in released code of lightly. At least 0. Several processes: the
    mean is over the rows of all of them.
    """
    mean = torch.cat(probs).mean(dim=0)
    log_q = (-exponent * torch.arange(1, len(mean) + 1).to(mean).log()).log_softmax(dim=0)
    return (log_q.exp() * (log_q - mean.clamp(min=torch.finfo(mean.dtype).tiny).log())).sum()

"""FreeMatch's fairness: the classes of confident rows are as many as they usually are."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Logits, Masks, Scalar, Values, op


@op(paper="wang2023freematch", across="gather")
def self_adaptive_fairness(
    logits: Logits[Tensor, "batch classes"],
    kept: Detached[Masks[Tensor, "batch"]],
    mean: Detached[Values[Tensor, "classes"]],
    histogram: Detached[Values[Tensor, "classes"]],
) -> Scalar[Tensor, ""]:
    r"""Negative cross-entropy between the usual and the present distribution of classes, each over its histogram.

    $$ L_f = \sum_c a_c \log(b_c + 10^{-12}), \quad a \propto \tilde p / \tilde h, \quad b \propto \bar p / \bar h,
       \quad \bar p = \frac{1}{|K|} \sum_{k \in K} q_k,
       \quad \bar h_c = \frac{1}{|K|} \#\{k \in K : \arg\max q_k = c\} $$

    over the rows K that are `kept`, with q = softmax(`logits`); a class without rows counts as 0. `mean`, `histogram`:
    running means of predictions and of their classes. The gradient is that of q in the mean alone.

    Source: Wang et al., ICLR 2023 (FreeMatch), eq. 9 to 11, with the sign of the released code, whose minimum spreads
    the classes; the paper writes -H. At most 0; 0 where no row is kept.
    """
    probs = logits.softmax(dim=-1)
    weights = (kept / kept.sum().clamp(min=1)).to(probs)
    present = (weights.unsqueeze(1) * probs).sum(dim=0)
    shares = torch.zeros_like(present).scatter_add(0, probs.argmax(dim=-1), weights)
    usual = _normalized(mean * _inverse(histogram))
    now = _normalized(present * _inverse(shares.detach()))
    return (usual * (now + 1e-12).log()).sum() * kept.any()


def _inverse(values: Tensor) -> Tensor:
    """1 / x, and 0 of 0."""
    return torch.where(values > 0, 1 / values.clamp(min=torch.finfo(values.dtype).tiny), torch.zeros_like(values))


def _normalized(values: Tensor) -> Tensor:
    return values / values.sum().clamp(min=torch.finfo(values.dtype).tiny)

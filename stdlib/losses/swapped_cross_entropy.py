"""Cross-entropy of every view's prediction with the targets of the other views."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Logits, Losses, PositiveFloat, Probs, op


@op(paper="caron2020swav", uniform="classes")
def swapped_cross_entropy(
    logits: list[Logits[Tensor, "batch classes"]],
    targets: list[Detached[Probs[Tensor, "batch classes"]]],
    *,
    temperature: PositiveFloat = 0.1,
) -> Losses[Tensor, "batch"]:
    r"""Swapped prediction (SwAV, DINO): every row's cross-entropy of a view with the targets of the others, in nats.

    $$ \ell_b = -\frac{1}{G (V - 1)} \sum_{i=1}^{G} \sum_{v \ne i} \sum_c
       q^{(i)}_{bc} \log \mathrm{softmax}(z^{(v)}_b / T)_c $$

    V lists of logits, and targets of the first G of these views. The temperature divides the logits alone.

    Source: Caron et al., NeurIPS 2020 (SwAV), sec. 3.2 and 3.3; Caron et al., ICCV 2021 (DINO), eq. 3, with the
    teacher's distributions as targets. At least 0; log classes where all logits are equal.
    """
    if not 1 <= len(targets) <= len(logits) or len(logits) < 2:
        raise ValueError(f"{len(targets)} targets for {len(logits)} views: wanted are views to compare them with")
    log_p = (torch.stack(logits) / temperature).log_softmax(dim=-1)
    others = log_p.sum(dim=0) - log_p[: len(targets)]  # for every target: the predictions of the other views
    return -(torch.stack(targets) * others).sum(dim=-1).mean(dim=0) / (len(logits) - 1)

"""Cross-entropy of the predictions for crops with the targets of the two large ones."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Fraction, Losses, Probs, op


@op(paper="assran2021paws", uniform="classes")
def crop_cross_entropy(
    probs: list[Probs[Tensor, "batch classes"]],
    targets: list[Detached[Probs[Tensor, "batch classes"]]],
    *,
    min_prob: Fraction = 1e-4,
) -> Losses[Tensor, "batch"]:
    r"""PAWS' cross-entropy of every row, in nats: a large crop has the other's target, a small one the mean of both.

    $$ \ell_b = -\frac{1}{V} \sum_{v, c} t^{(v)}_{bc} \log p^{(v)}_{bc}, \quad
       t^{(1)} = q^{(2)}, \; t^{(2)} = q^{(1)}, \; t^{(v > 2)} = \tfrac12 (q^{(1)} + q^{(2)}) $$

    V lists of distributions, the two large crops first, and targets q of these two. Target probabilities
    below `min_prob` count as 0, without normalizing again.

    Source: Assran et al., ICCV 2021 (PAWS), eq. 1 and sec. 3.2; `min_prob` from the released code. At least 0.
    """
    if len(targets) != 2 or len(probs) < 2:
        raise ValueError(f"{len(targets)} targets for {len(probs)} crops: wanted are two, for two crops or more")
    first, second = targets
    wanted = torch.stack([second, first, *[(first + second) / 2] * (len(probs) - 2)])
    wanted = torch.where(wanted < min_prob, 0, wanted)
    predicted = torch.stack(probs)
    log_p = predicted.clamp(min=torch.finfo(predicted.dtype).tiny).log()
    return -(wanted * log_p).sum(dim=-1).mean(dim=0)

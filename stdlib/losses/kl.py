"""Divergence of predictions from target distributions."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Logits, Losses, Probs, op


@op()
def kl(
    logits: Logits[Tensor, "batch ... classes"], target: Detached[Probs[Tensor, "batch ... classes"]]
) -> Losses[Tensor, "batch ..."]:
    r"""Kullback-Leibler divergence of every row, from the target to the prediction, in nats.

    $$ \ell_b = \sum_c q_{bc} (\log q_{bc} - \log \mathrm{softmax}(z_b)_c) $$

    Source: Kullback & Leibler, 1951. At least 0; 0 where the prediction is the target. Its gradient is that of
    `soft_cross_entropy`.
    """
    log_p = logits.log_softmax(dim=-1)
    return (torch.xlogy(target, target) - target * log_p).sum(dim=-1)

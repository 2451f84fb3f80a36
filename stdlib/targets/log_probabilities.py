"""Logarithms of class probabilities, as scores of what wants scores."""

from torch import Tensor

from ssldsl.ops import Logits, PositiveFloat, Scheduled, op


@op()
def log_probabilities(
    logits: Logits[Tensor, "batch ... classes"], *, temperature: Scheduled[PositiveFloat] = 1.0
) -> Logits[Tensor, "batch ... classes"]:
    r"""The logarithm of the softmax: scores whose powers sum to one in every row.

    $$ s_c = z_c / T - \log \sum_k e^{z_k / T} $$

    `sinkhorn(log_probabilities(z, temperature=t), epsilon=1)` balances the probabilities of softmax at t themselves.

    Source: common practice; no paper. At most 0.
    """
    return (logits / temperature).log_softmax(dim=-1)

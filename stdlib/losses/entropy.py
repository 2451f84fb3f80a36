"""Entropy of predictions."""

from torch import Tensor

from ssldsl.ops import Logits, Losses, op


@op(paper="grandvalet2004entropy")
def entropy(logits: Logits[Tensor, "batch classes"]) -> Losses[Tensor, "batch"]:
    r"""Shannon entropy of the predicted class distribution of every row, in nats.

    $$ H_b = -\sum_c p_{bc} \log p_{bc}, \quad p_b = \mathrm{softmax}(z_b) $$

    Source: Grandvalet & Bengio, NeurIPS 2004, sec. 2. In [0, log classes]; 0 is one-hot.
    """
    log_p = logits.log_softmax(dim=-1)
    return -(log_p.exp() * log_p).sum(dim=-1)

"""Entropy of predictions."""

from torch import Tensor

from ssldsl.ops import Logits, Scalar, op


@op(paper="grandvalet2004entropy")
def entropy(logits: Logits[Tensor, "batch classes"]) -> Scalar[Tensor, ""]:
    r"""Mean Shannon entropy of the predicted class distributions, in nats.

    $$ H = -\frac{1}{B} \sum_b \sum_c p_{bc} \log p_{bc}, \quad p_b = \mathrm{softmax}(z_b) $$

    Source: Grandvalet & Bengio, NeurIPS 2004, sec. 2. In [0, log classes]; 0 is one-hot.
    """
    log_p = logits.log_softmax(dim=-1)
    return -(log_p.exp() * log_p).sum(dim=-1).mean()

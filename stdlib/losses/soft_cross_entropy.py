"""Cross-entropy with distributions as targets."""

from torch import Tensor

from ssldsl.ops import Detached, Logits, PositiveFloat, Probs, Scalar, op


@op()
def soft_cross_entropy(
    logits: Logits[Tensor, "batch classes"],
    targets: Detached[Probs[Tensor, "batch classes"]],
    *,
    temperature: PositiveFloat = 1.0,
) -> Scalar[Tensor, ""]:
    r"""Mean cross-entropy of the predictions with target distributions, in nats.

    $$ L = -\frac{1}{B} \sum_b \sum_c q_{bc} \log \mathrm{softmax}(z_b / T)_c $$

    The temperature divides the logits alone; the targets are taken as they are.

    Source: common practice; no paper. At least the entropy of the targets.
    """
    log_p = (logits / temperature).log_softmax(dim=-1)
    return -(targets * log_p).sum(dim=-1).mean()

"""Cross-entropy with distributions as targets."""

from torch import Tensor

from ssldsl.ops import Detached, Fraction, Logits, Losses, PositiveFloat, Probs, op


@op(uniform="classes")
def soft_cross_entropy(
    logits: Logits[Tensor, "batch ... classes"],
    targets: Detached[Probs[Tensor, "batch ... classes"]],
    *,
    temperature: PositiveFloat = 1.0,
    smoothing: Fraction = 0.0,
) -> Losses[Tensor, "batch ..."]:
    r"""Cross-entropy of every row with its target distribution, in nats.

    $$ \ell_b = -\sum_c q'_{bc} \log \mathrm{softmax}(z_b / T)_c, \quad
       q'_{bc} = (1 - s)\,q_{bc} + s / C $$

    The temperature divides the logits alone. `smoothing` spreads s over all classes, as in `cross_entropy`.

    Source: common practice; no paper. At least the entropy of the targets.
    """
    log_p = (logits / temperature).log_softmax(dim=-1)
    smooth = targets if smoothing == 0.0 else (1 - smoothing) * targets + smoothing / targets.shape[-1]
    return -(smooth * log_p).sum(dim=-1)

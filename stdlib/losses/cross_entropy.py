"""Cross-entropy with true classes."""

from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Fraction, Labels, Logits, Losses, PositiveFloat, op


@op(paper="szegedy2016rethinking", uniform="classes")
def cross_entropy(
    logits: Logits[Tensor, "batch classes"],
    labels: Labels[Tensor, "batch"],
    *,
    smoothing: Fraction = 0.0,
    temperature: PositiveFloat = 1.0,
) -> Losses[Tensor, "batch"]:
    r"""Cross-entropy of every row with its true class, in nats.

    $$ \ell_b = -\sum_c q_{bc} \log \mathrm{softmax}(z_b / T)_c, \quad
       q_b = (1 - s)\,\mathrm{onehot}(y_b) + s / C $$

    Source: common practice; smoothing spreads `s` over all classes, the true one among them (Szegedy et al., CVPR 2016,
    sec. 7). At least 0; log classes for uniform predictions.
    """
    tempered = logits if temperature == 1.0 else logits / temperature
    return functional.cross_entropy(tempered, labels, label_smoothing=smoothing, reduction="none")

"""Top-k accuracy."""

import warnings

from torch import Tensor

from ssldsl.ops import Labels, Logits, PositiveInt, op


@op()
def accuracy(
    logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"], *, k: PositiveInt = 1
) -> float:
    r"""Top-k accuracy: the fraction of samples whose true class is among the `k` highest scores.

    $$ A_k = \frac{1}{N} \#\{ n : \#\{c : z_{nc} > z_{n y_n}\} + \#\{c < y_n : z_{nc} = z_{n y_n}\} < k \} $$

    Source: common practice; no paper. In [0, 1]. Classes that tie with the true one rank by number, so that constant
    scores do not count as right. A sample with a score that is not a number is wrong.
    """
    classes = logits.shape[1]
    if k >= classes:
        warnings.warn(f"the true class is always among the {k} best of {classes} classes", stacklevel=2)
    true = logits.gather(1, labels.unsqueeze(1))
    ahead = logits > true
    ties = (logits == true).cumsum(dim=1).gather(1, labels.unsqueeze(1)) - 1  # equal scores of lower number
    rank = ahead.sum(dim=1) + ties.squeeze(1)
    ranked = ~logits.isnan().any(dim=1)  # a comparison with NaN is false, which would put the true class first
    return float(((rank < k) & ranked).double().mean())

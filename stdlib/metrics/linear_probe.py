"""Accuracy of a linear classifier on fixed features."""

from torch import Tensor

from ssldsl.ops import Features, Labels, PositiveFloat, PositiveInt, op


@op()
def linear_probe(
    features: Features[Tensor, "samples dim"],
    labels: Labels[Tensor, "samples"],
    bank_features: Features[Tensor, "bank dim"],
    bank_labels: Labels[Tensor, "bank"],
    *,
    c: PositiveFloat = 1.0,
    iterations: PositiveInt = 1000,
) -> float:
    r"""Fraction right of a multinomial logistic regression that is fitted to the bank.

    $$ \min_{W, b}\; \tfrac{1}{2} \|W\|^2 + c \sum_j -\log \mathrm{softmax}(W \bar f_j + b)_{y_j} $$

    Features are standardised with the bank's mean and deviation. The problem is convex and solved by L-BFGS from zero,
    at most `iterations` steps: the result does not depend on chance.

    Source: common practice; Kolesnikov et al., CVPR 2019, sec. 3.2, for L-BFGS. In [0, 1].
    """
    from sklearn.linear_model import LogisticRegression  # here: a second to import, and for this metric only

    mean, deviation = bank_features.double().mean(dim=0), bank_features.double().std(dim=0, correction=0)
    scale = deviation.clamp_min(1e-12)  # a feature that never changes tells nothing and stays at zero
    bank, samples = (((f.double() - mean) / scale).cpu().numpy() for f in (bank_features, features))
    probe = LogisticRegression(C=c, max_iter=iterations).fit(bank, bank_labels.cpu().numpy())
    return float(probe.score(samples, labels.cpu().numpy()))

"""Accuracy of a linear classifier on fixed features."""

import warnings
from typing import Any

import numpy as np
from torch import Tensor

from ssldsl.ops import Features, Labels, PositiveFloat, PositiveInt, op

Array = np.ndarray[Any, Any]


@op()
def linear_probe_accuracy(
    features: Features[Tensor, "samples dim"],
    labels: Labels[Tensor, "samples"],
    bank_features: Features[Tensor, "bank dim"],
    bank_labels: Labels[Tensor, "bank"],
    *,
    c: PositiveFloat = 1.0,
    iterations: PositiveInt = 1000,
) -> float:
    r"""Linear-probe accuracy: the fraction right of a logistic regression that is fitted to a bank.

    $$ \min_{W, b}\; \tfrac{1}{2} \|W\|^2 + c \sum_j -\log \mathrm{softmax}(W \bar f_j + b)_{y_j} $$

    Features are standardized with the bank's mean and standard deviation. The problem is convex and solved by L-BFGS
    from zero, at most `iterations` steps: the result does not depend on chance.

    A sample with a feature that is no finite number is wrong, and one of the bank is not fitted to.

    Source: common practice; Kolesnikov et al., CVPR 2019, sec. 3.2, for L-BFGS. In [0, 1].
    """
    fitted, judged = bank_features.isfinite().all(dim=1), features.isfinite().all(dim=1)
    if not (fitted.any() and judged.any()):
        return 0.0
    own = bank_features[fitted].double()
    mean, deviation = own.mean(dim=0), own.std(dim=0, correction=0)
    scale = deviation.clamp_min(1e-12)  # a feature that never changes tells nothing and stays at zero
    bank, samples = (((f.double() - mean) / scale).cpu().numpy() for f in (own, features[judged]))
    predicted = _predicted(bank, bank_labels[fitted].cpu().numpy(), samples, c, iterations)
    return float((predicted == labels[judged].cpu().numpy()).sum() / len(labels))


def _predicted(bank: Array, bank_labels: Array, samples: Array, c: float, iterations: int) -> Array:
    """The classes that a regression fitted to the bank gives the samples."""
    from sklearn.exceptions import ConvergenceWarning  # here: a second to import, and for this metric only
    from sklearn.linear_model import LogisticRegression

    if (bank_labels == bank_labels[0]).all():  # nothing to tell apart, which scikit-learn refuses to fit
        return np.full(len(samples), bank_labels[0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        probe = LogisticRegression(C=c, max_iter=iterations).fit(bank, bank_labels)
    if any(issubclass(one.category, ConvergenceWarning) for one in caught):
        warnings.warn(f"the fit had not converged after {iterations} iterations: raise `iterations`", stacklevel=3)
    predicted: Array = probe.predict(samples)
    return predicted

"""Squared distance of two distributions."""

from torch import Tensor

from ssldsl.ops import Detached, Probs, Scalar, op


@op(paper="tarvainen2017mean")
def mse(probs: Probs[Tensor, "batch classes"], target: Detached[Probs[Tensor, "batch classes"]]) -> Scalar[Tensor, ""]:
    r"""Squared difference of the probabilities, averaged over rows and over classes.

    $$ L = \frac{1}{B C} \sum_b \sum_c (p_{bc} - q_{bc})^2 $$

    Source: Laine & Aila, ICLR 2017, algorithm 1; Tarvainen & Valpola, NeurIPS 2017. In [0, 2 / classes].
    """
    return (probs - target).square().mean()

"""Squared distance of two distributions."""

from torch import Tensor

from ssldsl.ops import Detached, Losses, Probs, op


@op(paper="tarvainen2017mean")
def mse(
    probs: Probs[Tensor, "batch classes"], target: Detached[Probs[Tensor, "batch classes"]]
) -> Losses[Tensor, "batch"]:
    r"""Mean squared error of every row: the squared difference of the probabilities, averaged over classes.

    $$ \ell_b = \frac{1}{C} \sum_c (p_{bc} - q_{bc})^2 $$

    Source: Laine & Aila, ICLR 2017, algorithm 1; Tarvainen & Valpola, NeurIPS 2017. In [0, 2 / classes].
    """
    return (probs - target).square().mean(dim=-1)

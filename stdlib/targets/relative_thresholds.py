"""A threshold for every class, as high as predictions use the class."""

from torch import Tensor

from ssldsl.ops import Detached, Scalar, Values, op


@op(paper="wang2023freematch")
def relative_thresholds(
    means: Detached[Values[Tensor, "classes"]], level: Detached[Scalar[Tensor, ""]]
) -> Values[Tensor, "classes"]:
    r"""The threshold of every class: `level` for the one with the largest mean probability, less for the others.

    $$ t_k = t\, \frac{\tilde p_k}{\max_j \tilde p_j} $$

    Source: Wang et al., ICLR 2023 (FreeMatch), self-adaptive local thresholds. In [0, level].
    """
    return level * means / means.amax()

"""A threshold for every class that rises with how well the class is learned."""

from torch import Tensor

from ssldsl.ops import Detached, Fraction, Values, op


@op(paper="zhang2021flexmatch")
def convex_thresholds(
    status: Detached[Values[Tensor, "classes"]], *, threshold: Fraction = 0.95
) -> Values[Tensor, "classes"]:
    r"""The threshold of every class: a part of `threshold` that grows with its learning status, slowly at first.

    $$ t_k = \tau\, \frac{\beta_k}{2 - \beta_k} $$

    Source: Zhang et al., NeurIPS 2021 (FlexMatch), with the convex mapping x / (2 - x).
    In [0, threshold] for a status in [0, 1].
    """
    return threshold * status / (2 - status)

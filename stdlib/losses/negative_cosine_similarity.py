"""Directions that should agree, whatever the lengths."""

from torch import Tensor
from torch.nn.functional import cosine_similarity

from ssldsl.ops import Detached, Losses, Values, op


@op(paper="chen2021simsiam")
def negative_cosine_similarity(
    values: Values[Tensor, "batch dim"], target: Detached[Values[Tensor, "batch dim"]]
) -> Losses[Tensor, "batch"]:
    r"""Minus the cosine of the angle between every row and its target.

    $$ \ell_b = - \frac{p_b^\top z_b}{\lVert p_b \rVert \, \lVert z_b \rVert} $$

    Source: Chen & He, CVPR 2021 (SimSiam), eq. 1. In [-1, 1]; 2 + 2 l is the squared distance of the two directions,
    which BYOL minimizes.
    """
    return -cosine_similarity(values, target, dim=-1)

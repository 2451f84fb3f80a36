"""How far rows lie in directions that are usual."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Features, Losses, Values, op


@op(paper="zhu2022tico")
def quadratic_form(
    features: Features[Tensor, "batch dim"], matrix: Detached[Values[Tensor, "dim dim"]]
) -> Losses[Tensor, "batch"]:
    r"""TiCo's contrast: the quadratic form of every row with a matrix, such as the running one of all rows.

    $$ \ell_b = z_b^\top C z_b $$

    Source: Zhu et al., 2022 (TiCo), eq. 4. For rows of unit length and the matrix of `running_gram` in [0, 1]; in the
    mean over rows at least one over the dimensions, and 1 where all rows are alike.
    """
    return torch.einsum("bi,ij,bj->b", features, matrix.to(features), features)

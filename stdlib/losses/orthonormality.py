"""Centroids that are kept apart."""

from typing import Literal

import torch
from torch import Tensor

from ssldsl.ops import Scalar, Values, op


@op(paper="boubekki2021clustering")
def orthonormality(
    centroids: Values[Tensor, "clusters dim"], *, norm: Literal["absolute", "squared"] = "absolute"
) -> Scalar[Tensor, ""]:
    r"""AE-CM's penalty on centroids that are not orthonormal.

    $$ L = \sum_{kl} \bigl| \mu_k^\top \mu_l - [k = l] \bigr| \quad \text{or} \quad
       \sum_{kl} \bigl( \mu_k^\top \mu_l - [k = l] \bigr)^2 $$

    `norm` squared is that of the authors' code for PyTorch.

    Source: Boubekki et al., Machine Learning 110, 2021, sec. 4. At least 0; 0 for orthonormal centroids.
    """
    apart = centroids @ centroids.T - torch.eye(len(centroids), dtype=centroids.dtype, device=centroids.device)
    return apart.abs().sum() if norm == "absolute" else apart.square().sum()

"""Every feature varies over the batch."""

import torch
from torch import Tensor

from ssldsl.ops import Features, PositiveFloat, Scalar, op


@op(paper="bardes2022vicreg", across="gather", least_rows=2)
def variance_hinge(
    features: Features[Tensor, "batch dim"], *, level: PositiveFloat = 1.0, eps: PositiveFloat = 1e-4
) -> Scalar[Tensor, ""]:
    r"""VICReg's variance term: by how much the standard deviation of a feature falls short, in the mean over features.

    $$ v = \frac{1}{D} \sum_j \max\!\Big(0, \gamma - \sqrt{\mathrm{Var}(z_j) + \epsilon}\Big) $$

    γ is `level`; the variance is over B - 1.

    Source: Bardes et al., ICLR 2022 (VICReg), eq. 1-2. In [0, level]: 0 where no feature collapses. Several processes:
    the rows of all, with gradient.
    """
    exact = torch.promote_types(features.dtype, torch.float32)
    deviation = (features.to(exact).var(dim=0) + eps).sqrt()
    return (level - deviation).relu().mean()

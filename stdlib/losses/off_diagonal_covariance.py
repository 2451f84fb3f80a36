"""No two features say the same."""

import torch
from torch import Tensor

from ssldsl.ops import Features, Scalar, op


@op(paper="bardes2022vicreg", across="gather", least_rows=2)
def off_diagonal_covariance(features: Features[Tensor, "batch dim"]) -> Scalar[Tensor, ""]:
    r"""VICReg's covariance term: the squared covariances of different features, over the number of features.

    $$ c = \frac{1}{D} \sum_{i \ne j} C_{ij}^2, \quad C = \frac{1}{B - 1} \sum_b (z_b - \bar z)(z_b - \bar z)^\top $$

    Source: Bardes et al., ICLR 2022 (VICReg), eq. 3-4. At least 0. Several processes: the rows of all, with gradient.
    """
    exact = torch.promote_types(features.dtype, torch.float32)
    with torch.autocast(features.device.type, enabled=False):
        rows = features.to(exact)
        centered = rows - rows.mean(dim=0)
        covariance = centered.T @ centered / (len(rows) - 1)
        off = covariance.square().sum() - covariance.diagonal().square().sum()
        return off / rows.shape[1]

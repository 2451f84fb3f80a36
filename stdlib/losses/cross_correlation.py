"""Every feature of one view correlates with itself in the other view, and with no other feature."""

import torch
from torch import Tensor

from ssldsl.ops import Features, NonNegativeFloat, PositiveFloat, Scalar, op


@op(paper="zbontar2021barlow", across="gather", least_rows=2)
def cross_correlation(
    first: Features[Tensor, "batch dim"],
    second: Features[Tensor, "batch dim"],
    *,
    off_diagonal: NonNegativeFloat = 0.0051,
    eps: PositiveFloat = 1e-5,
) -> Scalar[Tensor, ""]:
    r"""Barlow Twins' loss: the cross-correlation of the features of two views towards the identity matrix.

    $$ L = \sum_i (1 - C_{ii})^2 + \lambda \sum_i \sum_{j \ne i} C_{ij}^2, \quad
       C_{ij} = \frac{1}{B} \sum_b \hat z_{bi}\, \hat z'_{bj}, \quad
       \hat z_{bi} = \frac{z_{bi} - \mu_i}{\sqrt{\sigma_i^2 + \epsilon}} $$

    λ is `off_diagonal`. Mean and variance are those of the batch, the latter over B.

    Source: Zbontar et al., ICML 2021, eq. 1-2; epsilon is that of the batch normalization in the authors' code. At
    least 0. Several processes: the rows of all, with their gradient, of which the authors' code has a W-th.
    """
    exact = torch.promote_types(first.dtype, torch.float32)
    with torch.autocast(first.device.type, enabled=False):
        one, other = (_standardized(rows.to(exact), eps) for rows in (first, second))
        correlation = one.T @ other / len(one)
        diagonal = correlation.diagonal()
        off = correlation.square().sum() - diagonal.square().sum()
        return (1 - diagonal).square().sum() + off_diagonal * off


def _standardized(rows: Tensor, eps: float) -> Tensor:
    variance, mean = torch.var_mean(rows, dim=0, correction=0)
    return (rows - mean) * (variance + eps).rsqrt()

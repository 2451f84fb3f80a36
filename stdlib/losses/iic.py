"""Invariant information clustering: the classes of two views say as much of one another as they can."""

import torch
from torch import Tensor

from ssldsl.ops import NonNegativeFloat, Probs, Scalar, op

FLOOR = 2.22e-16  # of probabilities whose logarithm is taken


@op(paper="ji2019invariant", across="gather")
def iic(
    first: Probs[Tensor, "batch classes"],
    second: Probs[Tensor, "batch classes"],
    *,
    marginal_exponent: NonNegativeFloat = 1.0,
    symmetrize: bool = True,
) -> Scalar[Tensor, ""]:
    r"""Negative mutual information of the cluster assignments of two views of the same samples.

    $$ L = -\sum_{c, c'} J_{cc'} \left( \ln J_{cc'} - \lambda \ln J_c - \lambda \ln J_{c'} \right), \qquad
       J = \tfrac12 (A + A^\top), \quad A = \frac{1}{B} \sum_b p_b \hat p_b^\top $$

    J is that of the rows of all processes before it is normalized. `marginal_exponent`: lambda; above 1 clusters of one
    size count for more. `symmetrize`: whether the mean with the transpose is taken, which TwoStageUC's text leaves out.

    Source: Ji et al., ICCV 2019 (IIC), eq. 3 and 4 and the released code, with its floor of 2.2e-16. For lambda = 1
    in [-ln classes, 0].
    """
    with torch.autocast(first.device.type, enabled=False):  # the floor is no number of sixteen bits
        precise = torch.promote_types(first.dtype, torch.float32)
        joint = first.to(precise).T @ second.to(precise)
        joint = (joint + joint.T) / 2 if symmetrize else joint
        joint = joint / joint.sum()
        rows, columns = joint.sum(dim=1, keepdim=True), joint.sum(dim=0, keepdim=True)
        joint, rows, columns = (t.clamp(min=FLOOR) for t in (joint, rows, columns))
        return -(joint * (joint.log() - marginal_exponent * (rows.log() + columns.log()))).sum()

"""Rows of one class are near, those of other classes far."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Features, Labels, PositiveFloat, Scalar, op


@op(paper="khosla2020supervised", across="gather", least_rows=2)
def supervised_contrastive(
    features: Features[Tensor, "batch dim"], labels: Labels[Tensor, "batch"], *, temperature: PositiveFloat = 0.1
) -> Scalar[Tensor, ""]:
    r"""Supervised contrastive loss (SupCon): every row picks all other rows of its class among all other rows.

    $$ L = -\frac{1}{B} \sum_i \frac{1}{|P_i|} \sum_{p \in P_i} \log
       \frac{\exp(s_{ip} / T)}{\sum_{a \ne i} \exp(s_{ia} / T)}, \quad P_i = \{p \ne i : y_p = y_i\} $$

    s is the cosine. A row that is alone of its class counts 0; with two views of every image in the batch there is
    none.

    Source: Khosla et al., NeurIPS 2020, eq. 2 (the sum outside of the logarithm). The released code multiplies it by
    T / 0.07. Several processes: the rows of all, with gradient.
    """
    rows = functional.normalize(features, dim=1)
    scores = rows @ rows.T / temperature
    is_self = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    alike = (labels.unsqueeze(0) == labels.unsqueeze(1)) & ~is_self
    log_p = scores - scores.masked_fill(is_self, -torch.inf).logsumexp(dim=1, keepdim=True)
    return -((log_p * alike).sum(dim=1) / alike.sum(dim=1).clamp(min=1)).mean()

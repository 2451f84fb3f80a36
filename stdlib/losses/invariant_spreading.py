"""Two views of a sample are near, and all other rows of the batch far."""

import torch
from torch import Tensor

from ssldsl.ops import Embeddings, PositiveFloat, Scalar, op


@op(paper="ye2019unsupervised", across="gather")
def invariant_spreading(
    embeddings: list[Embeddings[Tensor, "batch dim"]], *, temperature: PositiveFloat = 0.1
) -> Scalar[Tensor, ""]:
    r"""Instance loss between two views: every row picks its other view among all rows, and no row picks it wrongly.

    $$ L = -\frac{1}{2B} \sum_{r=1}^{2B} \Big[ \ln q_{r, \pi(r)} + \sum_{s \neq r, \pi(r)} \ln (1 - q_{rs}) \Big],
       \qquad q_{rs} = \frac{\exp(f_r \cdot \bar f_s / t)}{\sum_{s' \neq r} \exp(f_r \cdot \bar f_{s'} / t)} $$

    `embeddings`: two views, whose rows are of the same samples; \pi(r) is the other view of row r. The second factor
    of every product, \bar f, carries no gradient, so the gradient is not that of the number.

    Source: Ye et al., CVPR 2019 (ISIF), eq. 5; the instance loss of Han et al., ECCV 2020 (TwoStageUC), and with
    t = 0.1 its consistency-preserving loss as released. At least 0; ln 1 - q is kept finite where a q rounds to 1.
    """
    if len(embeddings) != 2:
        raise ValueError(f"a row has one other view: invariant_spreading wants two views, and gets {len(embeddings)}")
    views = torch.cat(list(embeddings))
    count = len(views)
    logits = views @ views.detach().T / temperature
    self_ = torch.eye(count, dtype=torch.bool, device=views.device)
    partner = torch.arange(count, device=views.device).roll(count // 2).unsqueeze(1)
    log_q = logits.masked_fill(self_, -torch.inf).log_softmax(dim=-1)
    most = 1 - torch.finfo(log_q.dtype).eps
    wrong = torch.log1p(-log_q.exp().clamp(max=most)).scatter(1, partner, 0.0)
    return -(log_q.gather(1, partner).squeeze(1) + wrong.sum(dim=-1)).mean()

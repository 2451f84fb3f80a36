"""Every row picks its own key among all keys."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Detached, Features, PositiveFloat, Scalar, op


@op(paper="oord2018representation", across="gather", least_rows=2)
def info_nce(
    queries: Features[Tensor, "batch dim"],
    keys: Features[Tensor, "batch dim"],
    negatives: Detached[Features[Tensor, "bank dim"]] | None = None,
    *,
    temperature: PositiveFloat = 0.1,
) -> Scalar[Tensor, ""]:
    r"""InfoNCE: cross-entropy of every query with its own key among all keys, by cosine similarity.

    $$ L = -\frac{1}{B} \sum_b \log \frac{\exp(s(q_b, k_b) / T)}{\sum_{k \in K_b} \exp(s(q_b, k) / T)},
       \quad s(q, k) = \frac{q^\top k}{\lVert q \rVert \lVert k \rVert} $$

    K_b are the keys of the whole batch; with `negatives`, such as the rows of a queue, they are these and the own key
    alone. The gradient reaches queries and keys; `stop(...)` around one holds it still. Rows of zeros, as in a
    queue that is not full yet, have the cosine 0 with every query.

    Source: van den Oord et al., 2018, eq. 4, with the cosine of MoCo (He et al., CVPR 2020, eq. 1) and of MoCo v3 (Chen
    et al., ICCV 2021), whose loss is 2 T times this. At least 0. Several processes: the keys of all.
    """
    q, k = (functional.normalize(rows, dim=1) for rows in (queries, keys))
    if negatives is None:
        own = torch.arange(len(q), device=q.device)
        return functional.cross_entropy(q @ k.T / temperature, own)
    others = functional.normalize(negatives.to(q), dim=1)
    scores = torch.cat([(q * k).sum(dim=1, keepdim=True), q @ others.T], dim=1) / temperature
    return (scores.logsumexp(dim=1) - scores[:, 0]).mean()

"""Triplet loss with the hardest positive and the hardest negative of the batch, and a soft margin."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Embeddings, Labels, Scalar, op

NEAR = 1e-12  # least squared distance: the root has no finite slope at 0


@op(paper="hermans2017triplet", across="gather", copies="instances")
def batch_hard_triplet(
    embeddings: Embeddings[Tensor, "batch dim"], instances: Labels[Tensor, "batch"]
) -> Scalar[Tensor, ""]:
    r"""Batch-hard triplet loss, soft margin: each row's farthest row of its instance against the nearest of another.

    $$ L = \frac{1}{|V|} \sum_{i \in V} \ln\bigl(1 + e^{p_i - n_i}\bigr), \quad
    p_i = \max_{j \ne i,\, y_j = y_i} D_{ij}, \quad n_i = \min_{y_j \ne y_i} D_{ij}, \quad
    D_{ij} = \sqrt{\max(\|z_i - z_j\|^2, 10^{-12})} $$

    V: the rows with both, another row of the same instance and a row of another; 0 if there is none. Source: Hermans et
    al., arXiv 1703.07737, eq. 5 with the soft margin of sec. 2; Zhai et al., ICCV 2019, sec. 3.1. In [0.127, 2.127];
    where all rows are the same (collapse) it is ln 2 = 0.693. `instances` is `x.index`. Rows are compared with those of
    all processes; the authors' code compares those of one, and gives row i of B images the identity i // B, which
    mixes patches of two images.
    """
    same = instances.unsqueeze(1) == instances
    positive = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    with torch.no_grad():  # which rows are hardest; how far they are is computed anew below, without cancellation
        closeness = embeddings @ embeddings.T - 0.5 * embeddings.square().sum(dim=1)  # falls with the distance to row j
        farthest = closeness.masked_fill(~positive, torch.inf).argmin(dim=1)
        nearest = closeness.masked_fill(same, -torch.inf).argmax(dim=1)
    gap = _distance(embeddings, embeddings[farthest]) - _distance(embeddings, embeddings[nearest])
    counted = positive.any(dim=1) & ~same.all(dim=1)
    losses = torch.where(counted, functional.softplus(gap), 0)
    return losses.sum() / counted.sum().clamp(min=1)


def _distance(rows: Tensor, others: Tensor) -> Tensor:
    """Euclidean distance between the rows of one place."""
    return (rows - others).square().sum(dim=1).clamp(min=NEAR).sqrt()

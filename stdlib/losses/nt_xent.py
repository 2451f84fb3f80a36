"""Every view of an image picks the other view among all images."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Features, PositiveFloat, Scalar, op


@op(paper="chen2020simclr", across="gather", least_rows=2)
def nt_xent(
    views: list[Features[Tensor, "batch dim"]], *, temperature: PositiveFloat = 0.5, decoupled: bool = False
) -> Scalar[Tensor, ""]:
    r"""NT-Xent (SimCLR): cross-entropy of every row with the other views of its image, among all rows but itself.

    $$ L = -\frac{1}{V B} \sum_i \frac{1}{V - 1} \sum_{p \in P_i} \log
       \frac{\exp(s_{ip} / T)}{\sum_{a \ne i} \exp(s_{ia} / T)}, \quad
       s_{ij} = \frac{z_i^\top z_j}{\lVert z_i \rVert \lVert z_j \rVert} $$

    P_i: the rows of the same image in the other views. `decoupled`: these are left out of the denominator (DCL), where
    the loss may fall below 0.

    Source: Chen et al., ICML 2020 (SimCLR), eq. 1, as the mean over all rows; the authors' code adds both views up,
    which is twice that. Yeh et al., ECCV 2022, eq. 6, for `decoupled`. Several processes: the rows of all, with
    gradient.
    """
    if len(views) < 2:
        raise ValueError("one view has no other to be told from: nt_xent wants at least two")
    count, rows = len(views[0]), functional.normalize(torch.cat(views), dim=1)
    scores = rows @ rows.T / temperature
    image = torch.arange(len(rows), device=rows.device) % count
    is_self = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    is_other_view = (image.unsqueeze(0) == image.unsqueeze(1)) & ~is_self
    left_out = is_self | is_other_view if decoupled else is_self
    total = scores.masked_fill(left_out, -torch.inf).logsumexp(dim=1)
    own = (scores * is_other_view).sum(dim=1) / (len(views) - 1)
    return (total - own).mean()

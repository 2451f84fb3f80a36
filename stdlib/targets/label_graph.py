"""Which rows of a batch belong together by their predictions."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Fraction, Pairs, Probs, op


@op(paper="li2021comatch", across="gather")
def label_graph(
    probs: Detached[Probs[Tensor, "batch classes"]], *, threshold: Fraction = 0.8
) -> Pairs[Tensor, "batch batch"]:
    r"""CoMatch's pseudo-label graph: how alike two predictions are, as a distribution over the batch for every row.

    $$ Q_{ij} \propto W_{ij} [W_{ij} \ge \tau], \quad W_{ij} = p_i \cdot p_j \; (i \ne j), \quad W_{ii} = 1 $$

    Source: Li et al., ICCV 2021 (CoMatch), eq. 6. Rows sum to one. Several processes: the rows of all.
    """
    alike = (probs @ probs.T).fill_diagonal_(1.0)
    kept = torch.where(alike >= threshold, alike, 0.0)
    return kept / kept.sum(dim=1, keepdim=True)

"""A sample and its neighbor are one class, held against a memory bank."""

import torch
from torch import Tensor

from ssldsl.ops import Detached, Embeddings, Losses, Positions, PositiveFloat, op


@op(paper="huang2019neighbourhood")
def neighborhood_discrimination(
    embeddings: Embeddings[Tensor, "batch dim"],
    rows: Detached[Embeddings[Tensor, "samples dim"]],
    positions: Positions[Tensor, "batch; samples"],
    neighbors: Positions[Tensor, "batch; samples"],
    *,
    temperature: PositiveFloat = 0.1,
) -> Losses[Tensor, "batch"]:
    r"""Anchor neighborhood discrimination (AND): every row is told from all samples but its own and its neighbor's.

    $$ \ell_b = -\log\left(P_{b, i(b)} + [n(b) \neq i(b)]\, P_{b, n(b)}\right), \qquad
       P_{bj} = \frac{\exp(v_b \cdot M_j / \tau)}{\sum_k \exp(v_b \cdot M_k / \tau)} $$

    `neighbors`: where the nearest sample of every row's sample stands, as `entropy_neighbors` finds it; a sample
    that is no anchor is its own, and then this is `instance_discrimination`.

    Source: Huang et al., ICML 2019 (AND), eq. 5; Han et al., ECCV 2020 (TwoStageUC), with the mean of the released code
    over the rows of both views. At least 0.
    """
    logits = embeddings / temperature @ rows.to(embeddings).T  # divided are dim numbers a row, and not one a sample
    own, other = (logits.gather(1, places.unsqueeze(1)).squeeze(1) for places in (positions, neighbors))
    both = torch.where(neighbors == positions, own, torch.logaddexp(own, other))
    return logits.logsumexp(dim=-1) - both

"""How evenly a row is spread over the samples of a bank that are not its own."""

from typing import Literal

import torch
from torch import Tensor

from ssldsl.ops import Detached, Embeddings, Losses, Positions, PositiveFloat, op


@op(paper="han2020superand")
def unification_entropy(
    embeddings: Embeddings[Tensor, "batch dim"],
    rows: Detached[Embeddings[Tensor, "samples dim"]],
    positions: Positions[Tensor, "batch; samples"],
    *,
    temperature: PositiveFloat = 0.1,
    own: Literal["left_out", "released"] = "left_out",
) -> Losses[Tensor, "batch"]:
    r"""Entropy of every row's similarities to the other samples of a bank: least where it is drawn to a few of them.

    $$ \ell_b = -\sum_{j \neq i(b)} \tilde p_{bj} \log \tilde p_{bj}, \qquad
       \tilde p_{bj} = \frac{\exp(v_b \cdot M_j / \tau)}{\sum_{k \neq i(b)} \exp(v_b \cdot M_k / \tau)} $$

    `own`: the sample itself is left out; "released" gives it the logit -10 instead, as the authors' code does, which is
    the smallest there is at a temperature of 0.1.

    Source: Han et al., 2020 (Super-AND), as in the code of TwoStageUC (ECCV 2020). In [0, ln(N - 1)].
    """
    logits = embeddings @ rows.to(embeddings).T / temperature
    itself = positions.unsqueeze(1)
    others = logits.scatter(1, itself, -10.0 if own == "released" else -torch.inf)
    values = logits.scatter(1, itself, -10.0 if own == "released" else 0.0)  # what has no share has no number either
    return others.logsumexp(dim=-1) - (others.softmax(dim=-1) * values).sum(dim=-1)

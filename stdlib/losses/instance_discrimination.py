"""Every sample is a class of its own, held against a memory bank."""

from torch import Tensor

from ssldsl.ops import Detached, Embeddings, Losses, Positions, PositiveFloat, op


@op(paper="wu2018instance")
def instance_discrimination(
    embeddings: Embeddings[Tensor, "batch dim"],
    rows: Detached[Embeddings[Tensor, "samples dim"]],
    positions: Positions[Tensor, "batch; samples"],
    *,
    temperature: PositiveFloat = 0.1,
) -> Losses[Tensor, "batch"]:
    r"""Non-parametric cross-entropy: how hard it is to tell every row's own sample from all samples of a bank.

    $$ \ell_b = -\log P_{b, i(b)}, \qquad
       P_{bj} = \frac{\exp(v_b \cdot M_j / \tau)}{\sum_k \exp(v_b \cdot M_k / \tau)} $$

    `rows`: the bank, M; `positions`: which of its rows is that of the sample, i.

    Source: Wu et al., CVPR 2018 (NPID), eq. 2, in full instead of estimated by noise. At least 0; ln N where all rows
    are equally near.
    """
    logits = embeddings / temperature @ rows.to(embeddings).T  # divided are dim numbers a row, and not one a sample
    return logits.logsumexp(dim=-1) - logits.gather(1, positions.unsqueeze(1)).squeeze(1)

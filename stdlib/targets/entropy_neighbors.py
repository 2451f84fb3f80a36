"""Which samples of a bank stand apart, and which other sample is nearest to each of them."""

from itertools import combinations_with_replacement
from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Detached, Embeddings, Fraction, Labels, Masks, PositiveFloat, Values, op

BLOCK = 1024  # samples of a block: the similarities of two blocks fit into the caches of a processor


class Neighbors(NamedTuple):
    """Of every sample: where its neighbor stands (itself, if it is no anchor), whether it is an anchor, its entropy."""

    neighbors: Labels[Tensor, "samples"]
    anchors: Masks[Tensor, "samples"]
    entropies: Values[Tensor, "samples"]


@op(paper="huang2019neighbourhood")
def entropy_neighbors(
    rows: Detached[Embeddings[Tensor, "samples dim"]], *, anchors: Fraction, temperature: PositiveFloat = 0.1
) -> Neighbors:
    r"""Anchor neighborhoods: the samples of lowest entropy over a bank, each with the sample most similar to it.

    $$ H_i = -\sum_j P_{ij} \log P_{ij}, \qquad
       P_{ij} = \frac{\exp(M_i \cdot M_j / \tau)}{\sum_k \exp(M_i \cdot M_k / \tau)} $$

    with j = i among them. `anchors`: the share of samples that are anchors, int(N share) of them; others are their own
    neighbors. A neighbor need not be an anchor, and two anchors may share one.

    Similarities are those of two blocks of samples at a time, once for both, so memory grows as N and not as N squared.

    Source: Huang et al., ICML 2019 (AND), sec. 3.2; Han et al., ECCV 2020 (TwoStageUC), with 0.25 r in round r.
    """
    rows, total = rows.detach(), len(rows)
    size = BLOCK * (8 if rows.is_cuda else 1)
    blocks = [slice(start, min(start + size, total)) for start in range(0, total, size)]
    entropies, block_of_nearest = _entropies(rows, blocks, temperature)
    is_anchor = torch.zeros(total, device=rows.device)
    is_anchor[entropies.argsort(stable=True)[: int(total * anchors)]] = 1.0
    own = torch.arange(total, device=rows.device)
    nearest = _nearest(rows, blocks, block_of_nearest)
    return Neighbors(torch.where(is_anchor > 0, nearest, own), is_anchor, entropies)


def _entropies(rows: Tensor, blocks: list[slice], temperature: float) -> tuple[Tensor, Tensor]:
    """The entropy of every sample, and the number of the block that its nearest other sample stands in.

    What two blocks are to one another says something of the samples of both, by rows and by columns.
    """
    total, weighted, highest = rows.new_zeros(3, len(rows))
    highest.fill_(-torch.inf)
    where = torch.zeros(len(rows), dtype=torch.int64, device=rows.device)
    bound = rows.new_tensor(-1 / temperature)  # of unit rows no similarity is more than one: nothing overflows
    for i, j in combinations_with_replacement(range(len(blocks)), 2):
        logits = torch.addmm(bound, rows[blocks[i]], rows[blocks[j]].T, alpha=1 / temperature)
        weights = logits.exp()
        products = weights * logits
        if i == j:
            logits.fill_diagonal_(-torch.inf)
        for own, other, dim in [(i, j, 1)] if i == j else [(i, j, 1), (j, i, 0)]:
            part, nearest = blocks[own], logits.amax(dim=dim)
            total[part] += weights.sum(dim=dim)
            weighted[part] += products.sum(dim=dim)
            where[part] = where[part].where(nearest <= highest[part], other)
            highest[part] = highest[part].maximum(nearest)
    return total.log() - weighted / total, where


def _nearest(rows: Tensor, blocks: list[slice], where: Tensor) -> Tensor:
    """Where the most similar other sample of every one stands. `where`: the number of the block that it stands in."""
    nearest = torch.empty_like(where)
    for number, block in enumerate(blocks):
        others = torch.arange(block.start, block.stop, device=rows.device)
        for own in torch.split((where == number).nonzero().squeeze(1), BLOCK):
            similarities = (rows[own] @ rows[block].T).masked_fill(own.unsqueeze(1) == others, -torch.inf)
            nearest[own] = block.start + similarities.argmax(dim=1)
    return nearest

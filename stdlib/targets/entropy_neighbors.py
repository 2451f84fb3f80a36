"""Which samples of a bank stand apart, and which other sample is nearest to each of them."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Embeddings, Fraction, Labels, Masks, PositiveFloat, Values, op

ENTRIES = 2**21  # similarities at a time: as many as the caches of a processor hold


class Neighbors(NamedTuple):
    """Of every sample: where its neighbor stands (itself, if it is no anchor), whether it is an anchor, its entropy."""

    neighbors: Labels[Tensor, "samples"]
    anchors: Masks[Tensor, "samples"]
    entropies: Values[Tensor, "samples"]


@op(paper="huang2019neighbourhood")
def entropy_neighbors(
    rows: Embeddings[Tensor, "samples dim"], *, anchors: Fraction, temperature: PositiveFloat = 0.1
) -> Neighbors:
    r"""Anchor neighborhoods: the samples of lowest entropy over a bank, each with the sample most similar to it.

    $$ H_i = -\sum_j P_{ij} \log P_{ij}, \qquad
       P_{ij} = \frac{\exp(M_i \cdot M_j / \tau)}{\sum_k \exp(M_i \cdot M_k / \tau)} $$

    with j = i among them. `anchors`: the share of samples that are anchors, int(N share) of them; others are their own
    neighbors. A neighbor need not be an anchor, and two anchors may share one.

    Similarities are computed for some samples at a time, so memory does not grow as N squared.

    Source: Huang et al., ICML 2019 (AND), sec. 3.2; Han et al., ECCV 2020 (TwoStageUC), with 0.25 r in round r.
    """
    rows, total = rows.detach(), len(rows)
    entropies, nearest = rows.new_empty(total), torch.empty(total, dtype=torch.int64, device=rows.device)
    count = max(1, ENTRIES // total) * (32 if rows.is_cuda else 1)
    for start in range(0, total, count):
        part = slice(start, min(start + count, total))
        entropies[part], nearest[part] = _of_rows(rows, part, temperature)
    is_anchor = torch.zeros(total, device=rows.device)
    is_anchor[entropies.argsort(stable=True)[: int(total * anchors)]] = 1.0
    own = torch.arange(total, device=rows.device)
    return Neighbors(torch.where(is_anchor > 0, nearest, own), is_anchor, entropies)


def _of_rows(rows: Tensor, part: slice, temperature: float) -> tuple[Tensor, Tensor]:
    """Entropy and nearest other sample of some rows; few passes over their similarities."""
    highest = rows.new_tensor(-1 / temperature)  # of unit rows no similarity is more than one: nothing overflows
    logits = torch.addmm(highest, rows[part], rows.T, alpha=1 / temperature)
    weights = logits.exp()
    total = weights.sum(dim=1)
    mean = torch.linalg.vecdot(weights, logits) / total
    own = torch.arange(part.start, part.stop, device=rows.device).unsqueeze(1)
    return total.log() - mean, logits.scatter_(1, own, -torch.inf).argmax(dim=1)

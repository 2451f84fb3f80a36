"""Two views of a batch, both blended with the same partners."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Images, Labels, PositiveFloat, Weights, op
from ssldsl.ops.random import SampleRng


class Composed(NamedTuple):
    """Both views, of which rows of the batch every image is made, and which share each of them has."""

    images: Images[Tensor, "batch channels height width"]
    others: Images[Tensor, "batch channels height width"]
    partners: Labels[Tensor, "batch 2"]
    shares: Weights[Tensor, "batch 2"]


@op(paper="zhang2018mixup", across="gather")
def mixup_views(
    images: Images[Tensor, "batch channels height width"],
    others: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    beta: PositiveFloat = 0.3,
) -> Composed:
    r"""MixUp of two views (LSD-C): every image blended with a partner of the batch, in both views with the same.

    $$ x'_i = \lambda x_i + (1 - \lambda)\, x_{\pi(i)}, \quad \lambda \sim \mathrm{Beta}(\beta, \beta) $$

    One share and one random order of the rows for the whole batch and both views. `composed_pairs` makes the targets.

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), supplement: beta 0.3 is better there than 1, with a weight decay
    of 1e-4; no released code. Several processes: partners are rows of the whole batch.
    """
    partners, shares = drawn(images, beta, rng)
    return Composed(blend(images, partners, shares), blend(others, partners, shares), partners, shares)


def drawn(rows: Tensor, beta: float, rng: SampleRng) -> tuple[Tensor, Tensor]:
    """For every row itself and its partner, (batch, 2), and their shares."""
    share = rng.beta(beta, beta)[0].to(rows.device, rows.dtype)
    partner = rng.permutation().to(rows.device)
    partners = torch.stack([torch.arange(len(rows), device=rows.device), partner], dim=1)
    return partners, torch.stack([share, 1 - share]).expand(len(rows), 2)


def blend(rows: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
    """Every row times its share and its partner times the rest."""
    return torch.lerp(rows[partners[:, 1]], rows, shares[0, 0])

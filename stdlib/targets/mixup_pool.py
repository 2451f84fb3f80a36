"""Two batches whose rows are all mixed with one another, images and targets alike."""

from math import ceil
from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Detached, Images, PositiveFloat, Probs, op
from ssldsl.ops.random import SampleRng


class MixedPool(NamedTuple):
    """Both batches after they were mixed, and their targets."""

    images: Images[Tensor, "batch channels height width"]
    targets: Probs[Tensor, "batch classes"]
    others: Images[Tensor, "others channels height width"]
    other_targets: Probs[Tensor, "others classes"]


@op(paper="berthelot2019mixmatch", across="gather")
def mixup_pool(
    images: Images[Tensor, "batch channels height width"],
    others: Images[Tensor, "others channels height width"],
    targets: Detached[Probs[Tensor, "batch classes"]],
    other_targets: Detached[Probs[Tensor, "samples classes"]],
    *,
    rng: SampleRng,
    alpha: PositiveFloat = 0.75,
) -> MixedPool:
    r"""MixMatch's MixUp: every row of two joined batches blended with another of them, of which it keeps the most.

    $$ x'_i = \lambda_i x_i + (1 - \lambda_i)\, x_{\pi(i)}, \quad q'_i = \lambda_i q_i + (1 - \lambda_i)\, q_{\pi(i)},
       \quad \lambda_i = \max(\lambda, 1 - \lambda), \; \lambda \sim \mathrm{Beta}(\alpha, \alpha) $$

    The pool is the rows of `images` and then those of `others`; its rows have partners by one random order of all of
    them, π, and each its own λ. So a labeled image is mixed with unlabeled ones, and the other way round, and stays
    what it mostly was. Where `others` are several views one after another, all of them have the same `other_targets`.

    Source: Berthelot et al., NeurIPS 2019 (MixMatch), eq. 8-14, and released code, with α 0.75. λ in [0.5, 1]. Several
    processes: the pool is that of all.
    """
    pool = torch.cat([images, others])
    share, partner = drawn(len(pool), alpha, rng)
    own = share.to(pool)
    mixed = torch.lerp(pool[partner], pool, own.view(-1, 1, 1, 1))
    truth = torch.cat([targets, _of_every_view(other_targets.to(targets), len(others))])
    moved = torch.lerp(truth[partner], truth, own.to(truth).unsqueeze(1))
    count = len(images)
    return MixedPool(mixed[:count], moved[:count], mixed[count:], moved[count:])


def drawn(rows: int, alpha: float, rng: SampleRng) -> tuple[Tensor, Tensor]:
    """For every row of the pool its own share, and the number of its partner: numbers of the rows that `rng` knows."""
    each = ceil(rows / len(rng.rows.index))
    share = rng.beta(alpha, alpha, each).flatten()[:rows]
    return share.maximum(1 - share), rng.uniform(each).flatten()[:rows].argsort(stable=True)


def _of_every_view(targets: Tensor, rows: int) -> Tensor:
    """The targets of samples as often as there are views of them, one after another."""
    if rows % len(targets):
        raise ValueError(f"{rows} rows are not so many views of {len(targets)} samples")
    return targets.repeat(rows // len(targets), 1)

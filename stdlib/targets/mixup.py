"""Images mixed pixel by pixel with those of another batch."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Images, PositiveFloat, Weights, op
from ssldsl.ops.random import SampleRng


class Mixed(NamedTuple):
    """Mixed images, and λ: what part of each is from its own batch."""

    images: Images[Tensor, "batch channels height width"]
    lam: Weights[Tensor, "batch"]


@op(paper="zhang2018mixup", across="gather")
def mixup(
    images: Images[Tensor, "batch channels height width"],
    partners: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    alpha: PositiveFloat = 1.0,
) -> Mixed:
    r"""MixUp: every image blended with one of another batch, the i-th with the i-th from the end.

    $$ x'_i = \lambda x_i + (1 - \lambda)\, p_{B+1-i}, \quad \lambda \sim \mathrm{Beta}(\alpha, \alpha) $$

    One λ for the whole batch. `images` and `partners` may be the same batch or two views of one. `mixed_targets` mixes
    labels or assignments in the same way. With `alpha` 1 λ is uniform.

    Source: Zhang et al., ICLR 2018, eq. 1; partners as in timm. Several processes: the images of all are gathered, so
    that the partners are those of the whole batch.
    """
    share = rng.uniform(1)[0] if alpha == 1 else rng.beta(alpha, alpha, 1)[0]
    return Mixed(blend(images, partners, share.view(1, 1)), share.expand(len(images)))


def blend(images: Tensor, partners: Tensor, own: Tensor) -> Tensor:
    """Images times `own` and partners, last ones first, times the rest. own: (height, width), or 1 for either."""
    return torch.lerp(partners.flip(0), images, own.to(images.dtype))

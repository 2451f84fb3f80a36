"""Images mixed with those of another batch in one of two ways."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, Weights, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.targets.cutmix import outside_box
from ssldsl.stdlib.targets.mixup import blend


class Mixed(NamedTuple):
    """Mixed images, and λ: what part of each is from its own batch."""

    images: Images[Tensor, "batch channels height width"]
    lam: Weights[Tensor, "batch"]


@op(paper="fini2023suave", across="gather")
def mixup_or_cutmix(
    images: Images[Tensor, "batch channels height width"],
    partners: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    cutmix_prob: Fraction = 0.5,
) -> Mixed:
    r"""CutMix with probability `cutmix_prob`, otherwise MixUp: one of the two for the whole batch.

    $$ x'_i = M x_i + (1 - M)\, p_{B+1-i}, \quad M = \lambda \text{ everywhere, or } 0 \text{ in a box and } 1 \text{
       elsewhere} $$

    Source: Fini et al., CVPR 2023 (Suave), supplement, and released code, which takes this from timm.
    """
    height, width = images.shape[-2:]
    numbers = rng.uniform(4)[0]
    box = outside_box(height, width, numbers[1], numbers[2:])
    own = torch.where(numbers[0] < cutmix_prob, box, numbers[1])
    return Mixed(blend(images, partners, own), own.mean().expand(len(images)))

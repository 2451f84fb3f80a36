"""Images with a box from those of another batch."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Images, Weights, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.targets.mixup import blend


class Mixed(NamedTuple):
    """Mixed images, and λ: what part of each is from its own batch."""

    images: Images[Tensor, "batch channels height width"]
    lam: Weights[Tensor, "batch"]


@op(paper="yun2019cutmix", across="gather")
def cutmix(
    images: Images[Tensor, "batch channels height width"],
    partners: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
) -> Mixed:
    r"""CutMix: every image gets a box from one of another batch, the i-th from the i-th from the end.

    $$ x'_i = M x_i + (1 - M)\, p_{B+1-i}, \quad \text{sides } 2\lfloor \lfloor h r \rfloor / 2 \rfloor,
       2\lfloor \lfloor w r \rfloor / 2 \rfloor, \quad r = \sqrt{1 - \lambda}, \; \lambda \sim U(0, 1) $$

    One box for the whole batch, its center anywhere; M is 0 inside, and what lies beyond the border is cut off.
    `lam` is the mean of M, for `mixed_targets`: 0.68 on average, as boxes near the border are small.

    Source: Yun et al., ICCV 2019, eq. 1-2, with α = 1, where Beta(α, α) is uniform; box and partners as in timm.
    Several processes: the images of all are gathered, so that the partners are those of the whole batch.
    """
    height, width = images.shape[-2:]
    numbers = rng.uniform(3)[0]
    own = outside_box(height, width, numbers[0], numbers[1:])
    return Mixed(blend(images, partners, own), own.mean().expand(len(images)))


def outside_box(height: int, width: int, share: Tensor, place: Tensor) -> Tensor:
    """Ones, and zeros inside a box of 1 - share of the area. place: where in the image its center is, (2) in [0, 1)."""
    part = (1 - share).sqrt()
    down, across = (_outside(n, part, at) for n, at in zip((height, width), place, strict=True))
    return down.unsqueeze(1).maximum(across.unsqueeze(0))


def _outside(pixels: int, part: Tensor, place: Tensor) -> Tensor:
    """For every pixel of a line, whether it lies outside a piece of this length around this place, as 1 or 0."""
    reach = ((pixels * part).floor() / 2).floor()
    center = (pixels * place).floor()
    pixel = torch.arange(pixels, device=part.device)
    return ((pixel < center - reach) | (pixel >= center + reach)).float()

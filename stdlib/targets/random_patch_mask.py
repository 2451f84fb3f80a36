"""Patches chosen at random, as many of every image, to be hidden from a network."""

import math
from typing import NamedTuple

from torch import Tensor

from ssldsl.ops import Fraction, Images, Masks, Places, PositiveInt, op
from ssldsl.ops.random import SampleRng


class PatchMask(NamedTuple):
    """1 for the patches that are hidden; and which ones are not, from the first to the last."""

    mask: Masks[Tensor, "batch rows*columns"]
    kept: Places[Tensor, "batch kept; rows*columns"]


@op(paper="he2022mae")
def random_patch_mask(
    images: Images[Tensor, "batch channels {patch}*rows {patch}*columns"],
    *,
    rng: SampleRng,
    patch: PositiveInt = 16,
    ratio: Fraction = 0.75,
) -> PatchMask:
    r"""Random masking: of the patches of every image a share is hidden, any of them equally likely.

    $$ \sum_i m_{bi} = N - \lfloor (1 - ratio) N \rfloor $$

    N patches with a side of `patch` pixels, counted row by row. `kept` is empty where none is left.

    Source: He et al., CVPR 2022 (MAE), sec. 3 and released code.
    """
    count = (images.shape[2] // patch) * (images.shape[3] // patch)
    order = rng.uniform(count).argsort(dim=1, stable=True)
    kept = order[:, : math.floor(count * (1 - ratio) + 1e-9)].sort(dim=1).values  # rounding is no patch
    mask = images.new_ones(len(images), count).scatter(1, kept, 0.0)
    return PatchMask(mask, kept)

"""One of four rotations of every image, and which one."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Images, Labels, op
from ssldsl.ops.random import SampleRng


class Turned(NamedTuple):
    """Every image after some quarter turns, and how many."""

    images: Images[Tensor, "batch channels height height"]
    angles: Labels[Tensor, "batch"]


@op(paper="berthelot2020remixmatch")
def random_rotate4(images: Images[Tensor, "batch channels height height"], *, rng: SampleRng) -> Turned:
    r"""Every image rotated by 0, 90, 180 or 270 degrees counter-clockwise, drawn for it alone, labeled 0 to 3.

    $$ x'_b = R^{r_b} x_b, \quad a_b = r_b \sim U\{0, 1, 2, 3\}, \quad (R x)_{ij} = x_{j,\,h-1-i} $$

    The label is the field `angle` of a batch. `rotate4` makes all four of every image, at four times the cost.

    Source: Berthelot et al., ICLR 2020 (ReMixMatch), sec. 3.2, after Gidaris et al., ICLR 2018. No interpolation.
    """
    height, width = images.shape[-2:]
    if height != width:
        raise ValueError(f"quarter turns need square images, and these have {height} by {width} pixels")
    angles = rng.integers(high=4).to(images.device)
    sideways = torch.where((angles % 2 == 1).view(-1, 1, 1, 1), images.rot90(1, dims=(2, 3)), images)
    return Turned(torch.where((angles > 1).view(-1, 1, 1, 1), sideways.flip(2, 3), sideways), angles)

"""The four rotations of every image, and which one each is."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Images, Labels, op


class Rotated(NamedTuple):
    """Copies of an image follow one another: row 4*b + r is image b after r quarter turns."""

    images: Images[Tensor, "4*batch channels height height"]
    angles: Labels[Tensor, "4*batch"]


@op(paper="gidaris2018rotation", first_copy_is_input=True)
def rotate4(images: Images[Tensor, "batch channels height height"]) -> Rotated:
    r"""Four rotations of every image, by 0, 90, 180 and 270 degrees counter-clockwise, labeled 0 to 3.

    $$ x'_{4b+r} = R^r x_b, \quad a_{4b+r} = r, \quad (R x)_{ij} = x_{j,\,h-1-i} $$

    The label is the number of quarter turns, as the field `angle` of a batch. Source: Gidaris, Singh & Komodakis, ICLR
    2018, sec. 3. No interpolation.
    """
    height, width = images.shape[-2:]
    if height != width:
        raise ValueError(f"quarter turns need square images, and these have {height} by {width} pixels")
    turned = torch.stack([images.rot90(turns, dims=(2, 3)) for turns in range(4)], dim=1)
    angles = torch.arange(4, device=images.device).repeat(len(images))
    return Rotated(turned.flatten(0, 1), angles)

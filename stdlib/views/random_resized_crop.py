"""A part of every image, of random area and aspect ratio, at one size: the Inception crop as torchvision has it."""

import math
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from ssldsl.ops import Fraction, Images, PositiveFloat, PositiveInt, op
from ssldsl.ops.image_files import images_to_float
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import can_be_looked_at
from ssldsl.stdlib.views.resize import apply_resampling, resampling

Numbers = TypeVar("Numbers", Tensor, NDArray[np.float32])
Boxes = tuple[Tensor, Tensor, Tensor, Tensor]  # top, left, height and width, each (rows)
LARGE = 2**13  # pixels, from which on it costs more to multiply what lies beside a box by 0 than to begin anew for each


def choose_boxes(
    share: Numbers, shape: Numbers, corner: Numbers, size: tuple[int, int], ratio: tuple[float, float]
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Top, left, height and width per image: the first of the attempts (batch, attempts) that fits, or the central box.

    corner: (batch, 2) in [0, 1), which of the possible positions, down and across. NumPy gives the same as torch.
    """
    xp: Any = torch if isinstance(share, Tensor) else np
    area = size[0] * size[1]
    widths, heights = xp.round(xp.sqrt(share * area * shape)), xp.round(xp.sqrt(share * area / shape))
    fits = (widths >= 1) & (widths <= size[1]) & (heights >= 1) & (heights <= size[0])
    first = xp.arange(len(share)), (fits * 1).argmax(1)
    found = fits.any(1)
    spare_height, spare_width = central_box(size, ratio)
    height = xp.where(found, heights[first], xp.full_like(heights[:, 0], spare_height))
    width = xp.where(found, widths[first], xp.full_like(widths[:, 0], spare_width))
    room_down, room_across = size[0] - height, size[1] - width
    top = xp.minimum(xp.floor(corner[:, 0] * (room_down + 1)), room_down)  # rounding may reach the next number
    left = xp.minimum(xp.floor(corner[:, 1] * (room_across + 1)), room_across)
    top = xp.where(found, top, xp.floor(room_down / 2))
    left = xp.where(found, left, xp.floor(room_across / 2))
    return top, left, height, width


def central_box(size: tuple[int, int], ratio: tuple[float, float]) -> tuple[int, int]:
    """Height and width of the largest box whose width over height is within bounds."""
    height, width = size
    if width < ratio[0] * height:
        return round(width / ratio[0]), width
    if width > ratio[1] * height:
        return height, round(height * ratio[1])
    return height, width


def cut_boxes(images: Tensor, boxes: Boxes, count: int, size: int, antialias: bool, cubic: bool = False) -> Tensor:
    """The parts of the images that lie in the boxes, `count` boxes running for every image, resized to a square."""
    is_worth_it = len(images) == 1 or images.shape[2] * images.shape[3] >= LARGE
    if is_worth_it and can_be_looked_at(boxes[0]) and (antialias or not cubic):
        return _cut_one_by_one(images, boxes, count, size, antialias, cubic)
    images = images_to_float(images)
    top, left, box_height, box_width = boxes
    down = resampling(top, box_height, images.shape[2], size, antialias, cubic)
    across = resampling(left, box_width, images.shape[3], size, antialias, cubic)
    return apply_resampling(images.repeat_interleave(count, dim=0) if count > 1 else images, down, across)


def _cut_one_by_one(images: Tensor, boxes: Boxes, count: int, size: int, antialias: bool, cubic: bool) -> Tensor:
    """The same where boxes may be looked at: only the pixels in them are read."""
    mode = "bicubic" if cubic else "bilinear"
    parts = []
    for row, (top, left, height, width) in enumerate(torch.stack(boxes, dim=1).int().tolist()):
        image = row // count
        part = images[image : image + 1, :, top : top + height, left : left + width]
        parts.append(interpolate(part, (size, size), mode=mode, antialias=antialias))
    return torch.cat(parts)


@op(paper="szegedy2015inception", takes_bytes=True)
def random_resized_crop(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    size: PositiveInt,
    scale: tuple[Fraction, Fraction] = (0.08, 1.0),
    ratio: tuple[PositiveFloat, PositiveFloat] = (0.75, 1.3333333333333333),
    attempts: PositiveInt = 10,
    antialias: bool = True,
    interpolation: Literal["bilinear", "bicubic"] = "bilinear",
) -> Images[Tensor, "batch channels {size} {size}"]:
    r"""Random resized crop: a box of random area and aspect ratio anywhere in the image, resized to `size` pixels.

    $$ w = \sqrt{s A \rho}, \quad h = \sqrt{s A / \rho}, \quad s \sim U(s_0, s_1),
    \; \ln\rho \sim U(\ln\rho_0, \ln\rho_1) $$

    Source: Szegedy et al., CVPR 2015, sec. 6, as torchvision draws it: sides are rounded to pixels, the first of
    `attempts` boxes that fits is taken, and if none does the largest central box within the bounds of `ratio`. Boxes
    are cut out before they are resized, so no pixel beside one comes in. See `resize` for `antialias`. `bicubic`: Keys'
    curve, as Pillow has it; it overshoots beside edges, and what leaves [0, 1] is cut off. Images in files are cut and
    resized as bytes, as Pillow does it, and so are rounded to 1/255.
    """
    height, width = images.shape[-2:]
    numbers = rng.uniform(2 * attempts + 2)  # at once, because a call costs more than what it returns
    share = scale[0] + (scale[1] - scale[0]) * numbers[:, :attempts]
    shape = (math.log(ratio[0]) + math.log(ratio[1] / ratio[0]) * numbers[:, attempts:-2]).exp()
    drawn = (share, shape, numbers[:, -2:])
    if can_be_looked_at(numbers):  # NumPy begins an operation in a quarter of the time
        found = choose_boxes(drawn[0].numpy(), drawn[1].numpy(), drawn[2].numpy(), (height, width), ratio)
        top, left, box_height, box_width = map(torch.from_numpy, found)
    else:
        top, left, box_height, box_width = choose_boxes(*drawn, (height, width), ratio)
    boxes = top, left, box_height, box_width
    cubic = interpolation == "bicubic"
    parts = cut_boxes(images, boxes, 1, size, antialias, cubic)
    return parts.clamp(0, 1) if cubic and parts.is_floating_point() else parts

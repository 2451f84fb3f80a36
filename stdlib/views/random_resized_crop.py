"""A part of every image, of random area and aspect ratio, at one size: the Inception crop as torchvision has it."""

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ssldsl.ops import Fraction, Images, PositiveFloat, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import can_be_looked_at
from ssldsl.stdlib.views.resize import apply_resampling, resampling

Boxes = tuple[Tensor, Tensor, Tensor, Tensor]  # top, left, height and width, each (rows)
LARGE = 2**13  # pixels, from which on it costs more to multiply what lies beside a box by 0 than to begin anew for each


def choose_boxes(
    share: Tensor, shape: Tensor, corner: Tensor, size: tuple[int, int], ratio: tuple[float, float]
) -> Boxes:
    """Top, left, height and width per image: the first of the attempts (batch, attempts) that fits, or the central box.

    corner: (batch, 2) in [0, 1), which of the possible positions, down and across.
    """
    area = size[0] * size[1]
    widths, heights = (share * area * shape).sqrt().round(), (share * area / shape).sqrt().round()
    fits = (widths >= 1) & (widths <= size[1]) & (heights >= 1) & (heights <= size[0])
    first = fits.int().argmax(dim=1, keepdim=True)
    found = fits.any(dim=1)
    spare_height, spare_width = central_box(size, ratio)
    height = torch.where(found, heights.gather(1, first).squeeze(1), spare_height)
    width = torch.where(found, widths.gather(1, first).squeeze(1), spare_width)
    room_down, room_across = size[0] - height, size[1] - width
    top = (corner[:, 0] * (room_down + 1)).floor().minimum(room_down)  # rounding may reach the next number
    left = (corner[:, 1] * (room_across + 1)).floor().minimum(room_across)
    top = torch.where(found, top, (room_down / 2).floor())
    left = torch.where(found, left, (room_across / 2).floor())
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


@op(paper="szegedy2015inception")
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
    curve, as Pillow has it; it overshoots beside edges, and what leaves [0, 1] is cut off.
    """
    height, width = images.shape[-2:]
    numbers = rng.uniform(2 * attempts + 2)  # at once, because a call costs more than what it returns
    share = scale[0] + (scale[1] - scale[0]) * numbers[:, :attempts]
    shape = (math.log(ratio[0]) + math.log(ratio[1] / ratio[0]) * numbers[:, attempts:-2]).exp()
    boxes = choose_boxes(share, shape, numbers[:, -2:], (height, width), ratio)
    cubic = interpolation == "bicubic"
    parts = cut_boxes(images, boxes, 1, size, antialias, cubic)
    return parts.clamp(0, 1) if cubic else parts

"""Random distortions of color and geometry, drawn for every image from a pool of fourteen."""

import math
from functools import partial
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ssldsl.ops import Fraction, Images, NonNegativeFloat, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import change_some
from ssldsl.stdlib.views.equalize import LEVELS, leveling
from ssldsl.stdlib.views.grayscale import luminance

POOL = (
    "identity", "auto_contrast", "equalize", "posterize", "solarize", "brightness", "color", "contrast", "sharpness",
    "rotate", "shear_x", "shear_y", "translate_x", "translate_y",
)  # fmt: skip
LARGEST = 10.0  # of the magnitudes


@op(paper="cubuk2020randaugment")
def rand_augment(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    layers: PositiveInt = 2,
    p: Fraction = 0.5,
    magnitude: Annotated[float, Ge(0), Le(10)] | None = None,
    whole: bool = True,
    factors: tuple[NonNegativeFloat, NonNegativeFloat] = (0.1, 1.9),
    bits: tuple[NonNegativeFloat, NonNegativeFloat] = (4.0, 0.0),
    degrees: NonNegativeFloat = 30.0,
    shear: NonNegativeFloat = 0.3,
    translate: Fraction = 0.3125,
    fill: Fraction = 0.5,
) -> Images[Tensor, "batch channels height width"]:
    r"""RandAugment: `layers` distortions one after another, drawn for every image alone, each with probability `p`.

    $$ x \leftarrow T_k(x; m), \quad k \sim U\{1, \dots, 14\}, \quad m \sim U\{1, \dots, 9\} \text{ of } 10 $$

    The pool: identity, auto contrast, equalize, posterize, solarize, brightness, color, contrast, sharpness, rotation,
    shear and translation, the last two each across and down. What a magnitude from 0 to 10 means is linear between
    the ends of `factors` (of brightness, color, contrast, sharpness) and of `bits` (kept by posterize), and up to
    `degrees`, `shear` (pixels a row), `translate` (a part of the size), either way; solarize inverts from 1 down to
    0. `magnitude`: one for all; none draws it anew, as a whole number from 1 to 9, or with `whole=false` from 0 to
    10. What comes in at the border is `fill`. Values are rounded to 256 levels by the first five.

    Source: Cubuk et al., NeurIPS 2020; the pool, ranges and drawing of FixMatch (Sohn et al., NeurIPS 2020), app. E and
    released code. USB's is `layers=3, p=1, whole=false, factors=[0.05, 0.95], bits=[4, 8]`. Images in [0, 1].
    """
    numbers = rng.uniform(layers, 4).to(images.device)  # at once, because a call costs more than what it returns
    for kind, strength, sign, applied in (numbers[:, layer].unbind(dim=1) for layer in range(layers)):
        drawn = 1 + (9 * strength).floor() if whole else LARGEST * strength
        m = drawn if magnitude is None else torch.full_like(drawn, magnitude)
        chosen = torch.where(applied < p, (len(POOL) * kind).floor().long(), 0)
        part = m / LARGEST
        factor = factors[0] + (factors[1] - factors[0]) * part
        kept = bits[0] + _whole((bits[1] - bits[0]) * part)
        threshold = LEVELS - _whole(LEVELS * part)
        signed = torch.where(sign < 0.5, -part, part)
        images = change_some(images, _among(chosen, "auto_contrast", "solarize"), _level, chosen, kept, threshold)
        images = change_some(images, _among(chosen, "brightness", "sharpness"), _blend, chosen, factor)
        move = partial(_move, degrees=degrees, shear=shear, translate=translate, fill=fill)
        images = change_some(images, _among(chosen, "rotate", "translate_y"), move, chosen, signed)
    return images


def _whole(number: Tensor) -> Tensor:
    """Towards 0 to a whole number, which one that is short of it by rounding counts as."""
    return (number + 1e-4 * number.sign()).trunc()


def _is(chosen: Tensor, name: str) -> Tensor:
    """For which images this distortion was drawn, (batch)."""
    return chosen == POOL.index(name)


def _among(chosen: Tensor, first: str, last: str) -> Tensor:
    """For which images one of the pool from `first` to `last` was drawn, (batch)."""
    return (chosen >= POOL.index(first)) & (chosen <= POOL.index(last))


def _level(images: Tensor, chosen: Tensor, bits: Tensor, threshold: Tensor) -> Tensor:
    """Auto contrast, equalize, posterize, solarize: every one of 256 levels becomes another, by one look-up."""
    level = torch.arange(LEVELS, device=images.device)
    levels = (images.detach() * (LEVELS - 1)).round().clamp(0, LEVELS - 1).long().flatten(2)
    counts = levels.new_zeros(*levels.shape[:2], LEVELS).scatter_add_(2, levels, torch.ones_like(levels))
    step = 2 ** (8 - bits.long()).view(-1, 1, 1)
    inverted = torch.where(level >= threshold.view(-1, 1, 1), LEVELS - 1 - level, level)
    table = leveling(counts)
    for name, made in {
        "auto_contrast": _stretched(counts, level), "posterize": level // step * step, "solarize": inverted
    }.items():  # fmt: skip
        table = torch.where(_is(chosen, name).view(-1, 1, 1), made, table)
    return table.gather(2, levels).view_as(images).to(images.dtype) / (LEVELS - 1)


def _stretched(counts: Tensor, level: Tensor) -> Tensor:
    """The levels that occur spread over all 256, for every channel of every image."""
    occurs = counts > 0
    lowest = torch.where(occurs, level, LEVELS).amin(dim=-1, keepdim=True)
    highest = torch.where(occurs, level, -1).amax(dim=-1, keepdim=True)
    scaled = ((level - lowest) * (LEVELS - 1) / (highest - lowest).clamp(min=1)).floor().clamp(0, LEVELS - 1).long()
    return torch.where(highest > lowest, scaled, level)


def _blend(images: Tensor, chosen: Tensor, factor: Tensor) -> Tensor:
    """Brightness, color, contrast, sharpness: the image and one without it, in shares of the factor (batch)."""
    gray = luminance(images)
    base = torch.zeros_like(images)
    for name, made in {
        "color": gray, "contrast": gray.mean(dim=(1, 2, 3), keepdim=True), "sharpness": _smooth(images)
    }.items():  # fmt: skip
        base = torch.where(_is(chosen, name).view(-1, 1, 1, 1), made, base)
    return torch.lerp(base, images, factor.to(images).view(-1, 1, 1, 1)).clamp(0, 1)


def _smooth(images: Tensor) -> Tensor:
    """Every pixel the mean of it, five times, and its eight neighbors; the border stays as it is."""
    height, width = images.shape[-2:]
    if min(height, width) < 3:
        return images
    kernel = images.new_ones(1, 1, 3, 3) / 13
    kernel[0, 0, 1, 1] = 5 / 13
    with torch.autocast(images.device.type, enabled=False):
        inner = conv2d(images.flatten(0, 1).unsqueeze(1), kernel).view(*images.shape[:2], height - 2, width - 2)
    is_inner = pad(torch.ones_like(inner[:1, :1]), (1, 1, 1, 1)) > 0
    return torch.where(is_inner, pad(inner, (1, 1, 1, 1)), images)


def _move(
    images: Tensor, chosen: Tensor, part: Tensor, degrees: float, shear: float, translate: float, fill: float
) -> Tensor:
    """Rotation, shear and translation, by one look-up of pixels. part: -1 to 1 of the largest (batch)."""
    height, width = images.shape[-2:]
    names = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
    turn, across, along, right, down = (torch.where(_is(chosen, name), part, 0.0) for name in names)
    shift = _whole(translate * torch.stack([width * right, height * down], dim=1))
    matrix = _affine_map(_whole(degrees * turn), shift, shear * torch.stack([across, along], dim=1), height, width)
    return _warp(images, matrix, fill)


def _warp(images: Tensor, matrix: Tensor, fill: float) -> Tensor:
    """Every image seen through its own affine map, by the nearest pixel; what lies outside is `fill`.

    matrix: (batch, 2, 3), from the center of a pixel, across and down, to the place in the image that it shows.
    """
    height, width = images.shape[-2:]
    down, across = (torch.arange(n, device=images.device) + 0.5 for n in (height, width))
    a = matrix.to(down).unsqueeze(-1).unsqueeze(-1)
    x, y = ((a[:, i, 0] * across + a[:, i, 1] * down.unsqueeze(1) + a[:, i, 2]).floor().long() for i in (0, 1))
    is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    place = (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)).flatten(1).unsqueeze(1)
    seen = images.flatten(2).gather(2, place.expand(-1, images.shape[1], -1)).view_as(images)
    return torch.where(is_inside.unsqueeze(1), seen, fill)


def _affine_map(angle: Tensor, shift: Tensor, shear: Tensor, height: int, width: int) -> Tensor:
    """What `_warp` reads: degrees (batch), pixels across and down (batch, 2), and shear across and down (batch, 2).

    A rotation is about the center of the image, counter-clockwise; a shear leaves the first row, or column, in place.
    """
    turn = angle * math.pi / 180
    cos, sin, (right, down) = turn.cos(), turn.sin(), shear.unbind(dim=1)
    x, y = width / 2, height / 2
    across = [cos - sin * down, cos * right - sin, x - cos * x + sin * y + shift[:, 0]]
    along = [sin + cos * down, cos + sin * right, y - sin * x - cos * y + shift[:, 1]]
    return torch.stack([torch.stack(row, dim=1) for row in (across, along)], dim=1)

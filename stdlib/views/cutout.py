"""A square of every image is blank."""

from functools import partial

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import change_some


def blank(images: Tensor, side: Tensor, center: Tensor, fill: float) -> Tensor:
    """Every image with a square of `side` pixels (batch) around its own center (batch, 2), in [0, 1), set to `fill`."""
    inside = [_near(n, side, center[:, axis]) for axis, n in enumerate(images.shape[-2:])]
    square = (inside[0].unsqueeze(2) & inside[1].unsqueeze(1)).unsqueeze(1)
    return images.masked_fill(square, fill)


def _near(pixels: int, side: Tensor, center: Tensor) -> Tensor:
    """For every pixel of a line whether it is less than half a side from the center, (batch, pixels)."""
    middle, reach = (center * pixels).floor().unsqueeze(1), (side / 2).floor().unsqueeze(1)
    pixel = torch.arange(pixels, device=side.device)
    return (pixel >= middle - reach) & (pixel < middle + reach)


@op(paper="devries2017cutout", identity={"p": 0})
def cutout(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    size: Fraction = 0.5,
    varying: bool = False,
    fill: Fraction = 0.5,
    p: Fraction = 1.0,
) -> Images[Tensor, "batch channels height width"]:
    r"""Cutout with probability `p`: a square around any place of the image is gray; beyond the border it is cut.

    $$ x'_{cij} = f \text{ where } |i - u| < s/2 \text{ and } |j - v| < s/2, \quad u \sim U(0, h), \; v \sim U(0, w) $$

    `size`: its side, as a part of the shorter side of the image: 16 of 32 pixels. `varying`: it is drawn from 0 up to
    `size`. `fill`: what it is filled with; the paper's zeros of normalized images are about 0.5.

    Source: DeVries & Taylor, 2017, sec. 3; an even number of pixels, as in FixMatch's code, whose ports vary the side.
    """
    numbers = rng.uniform(4).to(images.device)
    side = (size * min(images.shape[-2:]) * (numbers[:, 3] if varying else torch.ones_like(numbers[:, 3]))).round()
    return change_some(images, numbers[:, 2] < p, partial(blank, fill=fill), side, numbers[:, :2])

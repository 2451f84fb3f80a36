"""Random rotation, translation and scale about the middle of the image; what comes in is black."""

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from ssldsl.ops import Fraction, Images, NonNegativeFloat, PositiveFloat, op
from ssldsl.ops.random import SampleRng


def inverse_maps(angle: Tensor, across: Tensor, down: Tensor, factor: Tensor, size: tuple[int, int]) -> Tensor:
    """Where every place of the result comes from, (batch, 2, 3), in coordinates from -1 to 1 of an image of this size.

    angle: clockwise, in radians; across, down: in pixels. Each (batch).
    """
    height, width = size
    cos, sin = angle.cos() / factor, angle.sin() / factor
    x_from_x, x_from_y = cos, sin * height / width  # a pixel is longer on the shorter side
    y_from_x, y_from_y = -sin * width / height, cos
    x, y = -2 * across / width, -2 * down / height
    rows = [x_from_x, x_from_y, x_from_x * x + x_from_y * y, y_from_x, y_from_y, y_from_x * x + y_from_y * y]
    return torch.stack(rows, dim=1).view(-1, 2, 3)


@op()
def random_affine(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    degrees: NonNegativeFloat = 10.0,
    translate: Fraction = 0.1,
    scale: tuple[PositiveFloat, PositiveFloat] = (0.9, 1.1),
    interpolation: Literal["bilinear", "nearest"] = "bilinear",
) -> Images[Tensor, "batch channels height width"]:
    r"""Random affine map: turned by up to `degrees`, moved by up to a share of the sides, and scaled.

    $$ x'(p) = x\bigl( \tfrac1f R_\alpha^\top (p - t) \bigr), \quad \alpha \sim U(-\alpha_0, \alpha_0),
       \; t \sim U(-t_0, t_0)\,(w, h), \; f \sim U(f_0, f_1) $$

    p counts from the middle of the image. Moves are rounded to whole pixels; what comes in at the border is black.

    Source: common practice, as torchvision draws it, whose own interpolation is the nearest pixel. The turns of
    handwriting and house numbers; the defaults are a guess for TwoStageUC's SVHN, which does not say its own.
    """
    height, width = images.shape[-2:]
    numbers = rng.uniform(4)  # at once, because a call costs more than what it returns
    spread = 2 * numbers - 1
    across, down = ((translate * side * spread[:, i]).round() for i, side in ((1, width), (2, height)))
    factor = scale[0] + (scale[1] - scale[0]) * numbers[:, 3]
    maps = inverse_maps(math.radians(degrees) * spread[:, 0], across, down, factor, (height, width))
    with torch.autocast(images.device.type, enabled=False):  # places of eight bits would show in the images
        places = affine_grid(maps.to(images), list(images.shape), align_corners=False)
        return grid_sample(images, places, mode=interpolation, padding_mode="zeros", align_corners=False)

"""Several random crops of every image: independent Inception crops, as TensorFlow draws them."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, PositiveFloat, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.views.random_resized_crop import Boxes, cut_boxes


def draw_boxes(
    shape: Tensor, chance: Tensor, corner: Tensor, size: tuple[int, int], scale: tuple[float, float], covered: float
) -> Boxes:
    """Top, left, height and width per row: the first of the attempts (rows, attempts) that fits, or the whole image.

    shape: width over height. chance: in [0, 1), which of the possible heights. corner: (rows, 2) in [0, 1), which of
    the positions.
    """
    area = size[0] * size[1]
    heights, widths = _sides(shape, chance, size, (scale[0] * area, scale[1] * area))
    areas = heights * widths
    fits = (areas >= max(scale[0], covered) * area) & (areas <= scale[1] * area)
    fits &= (heights >= 1) & (heights <= size[0]) & (widths >= 1) & (widths <= size[1])
    first, found = fits.int().argmax(dim=1, keepdim=True), fits.any(dim=1)
    height = torch.where(found, heights.gather(1, first).squeeze(1), size[0])
    width = torch.where(found, widths.gather(1, first).squeeze(1), size[1])
    top, left = (_position(corner[:, i], size[i] - side) for i, side in enumerate((height, width)))
    return top, left, height, width


def _sides(shape: Tensor, chance: Tensor, size: tuple[int, int], areas: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Heights, evenly distributed over those that give an area within bounds, and the widths that follow from them."""
    low, high = ((area / shape).sqrt().round() for area in areas)
    widest = ((size[1] + 0.5) / shape).floor()
    widest -= ((widest * shape).round() > size[1]).float()
    high = torch.where((high * shape).round() > size[1], widest, high).clamp(max=size[0])
    low = low.minimum(high)
    heights = low + (chance * (high - low + 1)).floor().minimum(high - low)  # rounding may reach the next number
    # where rounding leaves the area out of bounds, the neighboring height is taken
    heights = heights + (heights * (heights * shape).round() < areas[0]).float()
    heights = heights - (heights * (heights * shape).round() > areas[1]).float()
    return heights, (heights * shape).round()


def _position(chance: Tensor, room: Tensor) -> Tensor:
    """A whole number from 0 up to, not including, `room`; 0 where there is no room."""
    return (chance * room).floor().minimum((room - 1).clamp(min=0))


@op(paper="szegedy2015inception", takes_bytes=True)
def random_inception_crop(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    size: PositiveInt,
    count: PositiveInt = 8,
    scale: tuple[Fraction, Fraction] = (0.05, 1.0),
    ratio: tuple[PositiveFloat, PositiveFloat] = (0.75, 1.33),
    covered: Fraction = 0.1,
    attempts: PositiveInt = 100,
    antialias: bool = False,
) -> Images[Tensor, "{count*batch} channels {size} {size}"]:
    r"""Inception crops as TensorFlow draws them: `count` random boxes of every image, each resized to `size` pixels.

    $$ w = [\rho h], \quad \rho \sim U(\rho_0, \rho_1), \quad h \sim U\{[\sqrt{s_0 A / \rho}], \dots, h_1\}, \quad
    h_1 = \min([\sqrt{s_1 A / \rho}], [W / \rho], H) $$

    Rows are image-major: row `count`*b + i is patch i of image b; labels are repeated alike. `count=1` is the plain
    Inception crop. Source: Szegedy et al., CVPR 2015, sec. 6; Zhai et al., ICCV 2019, sec. 3.1, as released: the
    sampler of TensorFlow. Unlike `random_resized_crop` it draws the aspect ratio itself, not their logarithm; draws
    the height evenly, which favors small areas; rejects boxes of less than `covered` of the image, so that the part of
    `scale` below it is never seen; takes the whole image, stretched, if none of `attempts` boxes fits; and never puts a
    box at the last position, below or to the right.
    """
    numbers = rng.uniform(count, 2 * attempts + 2).flatten(0, 1)  # at once: a call costs more than what it returns
    shape = ratio[0] + (ratio[1] - ratio[0]) * numbers[:, :attempts]
    extent = (images.shape[2], images.shape[3])
    boxes = draw_boxes(shape, numbers[:, attempts:-2], numbers[:, -2:], extent, scale, covered)
    return cut_boxes(images, boxes, count, size, antialias)

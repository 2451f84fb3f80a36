"""The pieces of a puzzle: an image cut by a grid, and of every cell a random piece."""

import torch
from torch import Tensor

from ssldsl.ops import Images, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.views.random_shift import windows


@op(paper="noroozi2016jigsaw")
def random_jigsaw_patches(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    size: PositiveInt,
    grid: PositiveInt = 3,
    standardized: bool = True,
) -> Images[Tensor, "{grid*grid*batch} channels {size} {size}"]:
    r"""A square piece of `size` pixels from a random place of every cell of a grid, row by row of the grid.

    $$ x'_{G^2 b + G r + c} = x_b[r H' + u : r H' + u + s,\; c W' + v : c W' + v + s], \quad
       u \sim U\{0, \dots, H' - s\}, \; v \sim U\{0, \dots, W' - s\} $$

    H', W': the sides of a cell, rounded down. Rows are image-major: the pieces of an image follow one another. The gaps
    between pieces, and `standardized`, a mean of 0 and a deviation of 1 in every piece, keep edges and colors from
    giving the order away. `shuffled_patches` draws the order.

    Source: Noroozi & Favaro, ECCV 2016, sec. 3.2 and 4: 3 by 3 cells of 75 pixels, pieces of 64, each standardized by
    itself. The deviation is at least that of one level in all pixels, as TensorFlow has it.
    """
    height, width = (side // grid for side in images.shape[-2:])
    if size > min(height, width):
        raise ValueError(f"pieces of {size} pixels from cells of {height} by {width}")
    top, left = (rng.integers(grid * grid, low=0, high=side - size + 1).T for side in (height, width))
    pieces = torch.stack(
        [
            windows(images, cell // grid * height + down, cell % grid * width + across, size, size)
            for cell, (down, across) in enumerate(zip(top, left, strict=True))
        ],
        dim=1,
    ).flatten(0, 1)
    if not standardized:
        return pieces
    dims = (1, 2, 3)
    deviation = pieces.std(dim=dims, correction=0, keepdim=True).clamp(min=pieces[0].numel() ** -0.5)
    return (pieces - pieces.mean(dim=dims, keepdim=True)) / deviation

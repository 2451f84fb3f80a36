"""Random translation: what comes in at the border is black."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssldsl.ops import Images, PositiveInt, op
from ssldsl.ops.random import SampleRng


def windows(images: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """The window of the given size from every image, at its own corner."""
    everywhere = images.unfold(2, height, 1).unfold(3, width, 1)  # a view: (batch, channels, top, left, height, width)
    return everywhere[torch.arange(len(images), device=images.device), :, top, left]


@op()
def random_shift(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, pixels: PositiveInt = 1
) -> Images[Tensor, "batch channels height width"]:
    r"""Random translation by up to `pixels` down and across; what comes in at the border is black.

    $$ x'_{ij} = x_{i+u,\,j+v}, \quad u, v \sim U\{-s, \dots, s\}, \quad 0 \text{ outside} $$

    Source: common practice; no paper. The same as padding with zeros and a random crop to the old size.
    """
    height, width = images.shape[-2:]
    corner = rng.integers(2, low=0, high=2 * pixels + 1)
    padded = pad(images, (pixels, pixels, pixels, pixels))
    return windows(padded, corner[:, 0], corner[:, 1], height, width)

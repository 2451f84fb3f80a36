"""A random window of fixed size, after padding with black."""

from torch import Tensor
from torch.nn.functional import pad

from ssldsl.ops import Images, NonNegativeInt, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.views.random_shift import windows


@op()
def random_crop(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    size: PositiveInt,
    padding: NonNegativeInt = 0,
) -> Images[Tensor, "batch channels {size} {size}"]:
    r"""Random crop: a square window of `size` pixels anywhere in the image, which is padded by `padding` first.

    $$ x'_{ij} = \tilde{x}_{i+u,\,j+v}, \quad u \sim U\{0, \dots, h+2p-s\}, \; v \sim U\{0, \dots, w+2p-s\} $$

    Source: common practice; no paper.
    """
    padded = pad(images, (padding, padding, padding, padding))
    height, width = padded.shape[-2:]
    if height < size or width < size:
        raise ValueError(f"a crop of {size} by {size} pixels from images of {height} by {width}, padding included")
    top = rng.integers(low=0, high=height - size + 1)
    left = rng.integers(low=0, high=width - size + 1)
    return windows(padded, top, left, size, size)

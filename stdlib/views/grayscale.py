"""Random grayscale."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng


def luminance(images: Tensor) -> Tensor:
    """Luminance, as one channel; an image of one channel is its own."""
    channels = images.shape[1]
    if channels == 1:
        return images
    if channels != 3:
        raise ValueError(f"color is that of 1 or 3 channels, and the images have {channels}")
    red, green, blue = images.unbind(dim=1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).unsqueeze(1)


@op(paper="chen2020simclr")
def grayscale(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, p: Fraction = 0.2
) -> Images[Tensor, "batch channels height width"]:
    r"""Grayscale with probability `p`: every channel becomes the luminance.

    $$ y = 0.2989\,r + 0.587\,g + 0.114\,b $$

    Source: Chen et al., ICML 2020, app. A (there p = 0.2); weights of ITU-R BT.601. Images of one channel stay as
    they are.
    """
    return torch.where(rng.bernoulli(p).view(-1, 1, 1, 1), luminance(images).expand_as(images), images)

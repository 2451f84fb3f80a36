"""Random grayscale."""

from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import change_some


def has_color(images: Tensor) -> bool:
    """Whether images have three channels and not one."""
    channels = images.shape[1]
    if channels not in (1, 3):
        raise ValueError(f"color is that of 1 or 3 channels, and the images have {channels}")
    return channels == 3


def luminance(images: Tensor) -> Tensor:
    """Luminance, as one channel; an image of one channel is its own."""
    if not has_color(images):
        return images
    red, green, blue = images.unbind(dim=1)
    return (0.2989 * red).add(green, alpha=0.587).add(blue, alpha=0.114).unsqueeze(1)


def to_gray(images: Tensor) -> Tensor:
    """The luminance as every channel."""
    return luminance(images).expand_as(images)


@op(paper="chen2020simclr", identity={"p": 0})
def grayscale(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, p: Fraction = 0.2
) -> Images[Tensor, "batch channels height width"]:
    r"""Grayscale with probability `p`: every channel becomes the luminance.

    $$ y = 0.2989\,r + 0.587\,g + 0.114\,b $$

    Source: Chen et al., ICML 2020, app. A (there p = 0.2); weights of ITU-R BT.601. Images of one channel stay as
    they are.
    """
    return change_some(images, rng.bernoulli(p), to_gray) if has_color(images) else images

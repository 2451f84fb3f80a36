"""Random translation: what comes in at the border is the image reflected."""

from torch import Tensor
from torch.nn.functional import pad

from ssldsl.ops import Images, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.views.random_shift import windows


def reflected(images: Tensor, corner: Tensor, pixels: int) -> Tensor:
    """Images reflected at their borders, and of each the window of the old size at its own corner (batch, 2)."""
    height, width = images.shape[-2:]
    if pixels >= min(height, width):
        raise ValueError(f"an image of {height} by {width} pixels has no {pixels} to be reflected at its border")
    padded = pad(images, (pixels, pixels, pixels, pixels), mode="reflect")
    return windows(padded, corner[:, 0], corner[:, 1], height, width)


@op(paper="oliver2018realistic")
def random_reflected_shift(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, pixels: PositiveInt = 2
) -> Images[Tensor, "batch channels height width"]:
    r"""Random translation by up to `pixels` down and across; what comes in at the border is the image reflected.

    $$ x'_{ij} = x_{|i+u|,\,|j+v|}, \quad u, v \sim U\{-s, \dots, s\}, \quad \text{likewise at the far borders} $$

    Source: Oliver et al., NeurIPS 2018, sec. 4.1, with 2 pixels. The same as reflecting padding and a random crop.
    """
    return reflected(images, rng.integers(2, low=0, high=2 * pixels + 1), pixels)

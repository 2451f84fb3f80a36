"""Translations of whole batches."""

from torch import Tensor

from ssldsl.ops import Images, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.views.random_reflected_shift import reflected


@op(across="gather")
def random_batch_shift(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, pixels: PositiveInt = 2
) -> Images[Tensor, "batch channels height width"]:
    r"""Random translation of the whole batch, all images alike, by up to `pixels`; the border is reflected.

    $$ x'_{ij} = x_{|i+u|,\,|j+v|}, \quad u, v \sim U\{-s, \dots, s\}, \quad \text{likewise at the far borders} $$

    Source: the released code of SuperCM (Singh et al., ICASSP 2023), whose reference moves every image by itself, as
    `random_reflected_shift` does. Several processes: all draw the same, since the images of all are gathered.
    """
    corner = rng.integers(2, low=0, high=2 * pixels + 1)
    return reflected(images, corner[:1].expand(len(images), 2), pixels)

"""Random solarization from a random threshold."""

from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import change_some
from ssldsl.stdlib.views.solarize import inverted_from


@op(paper="assran2021paws", identity={"p": 0})
def solarize_random_threshold(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    low: Fraction = 0.0,
    high: Fraction = 1.0,
    p: Fraction = 0.2,
) -> Images[Tensor, "batch channels height width"]:
    r"""Solarization with probability `p`, from a threshold that is drawn for every image.

    $$ x' = \begin{cases} 1 - x & x \ge t \\ x & x < t \end{cases}, \quad t \sim U(low, high) $$

    Source: Assran et al., ICCV 2021, released code for CIFAR-10 (there over all levels, p = 0.2). Images must lie in
    [0, 1]: normalize afterwards.
    """
    numbers = rng.uniform(2)
    threshold = (low + (high - low) * numbers[:, 0]).to(images.dtype).view(-1, 1, 1, 1)
    return change_some(images, numbers[:, 1] < p, inverted_from, threshold)

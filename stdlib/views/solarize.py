"""Random solarization."""

from functools import partial

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import change_some


def inverted_from(images: Tensor, threshold: float | Tensor) -> Tensor:
    """Images with values from a threshold on inverted: one for all, or for every image its own (batch, 1, 1, 1)."""
    return torch.where(images >= threshold, 1 - images, images)


@op(paper="grill2020byol", identity={"p": 0})
def solarize(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    threshold: Fraction = 0.5,
    p: Fraction = 0.2,
) -> Images[Tensor, "batch channels height width"]:
    r"""Solarization with probability `p`: values from `threshold` on are inverted.

    $$ x' = \begin{cases} 1 - x & x \ge t \\ x & x < t \end{cases} $$

    Source: Grill et al., NeurIPS 2020, app. B (there for one of two views only, p = 0.2). Images must lie in [0, 1]:
    normalize afterwards.
    """
    return change_some(images, rng.bernoulli(p), partial(inverted_from, threshold=threshold))

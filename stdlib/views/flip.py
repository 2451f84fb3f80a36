"""Random horizontal flips."""

from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import change_some


def mirrored(images: Tensor) -> Tensor:
    """The images from right to left."""
    return images.flip(-1)


@op(identity={"p": 0})
def flip(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, p: Fraction = 0.5
) -> Images[Tensor, "batch channels height width"]:
    r"""Horizontal flip with probability `p`.

    $$ x'_{ij} = x_{i,\,w-1-j} $$

    Source: common practice; no paper.
    """
    return change_some(images, rng.bernoulli(p), mirrored)

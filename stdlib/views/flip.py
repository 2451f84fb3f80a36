"""Random horizontal flips."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng


@op()
def flip(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, p: Fraction = 0.5
) -> Images[Tensor, "batch channels height width"]:
    r"""Horizontal flip with probability `p`.

    $$ x'_{ij} = x_{i,\,w-1-j} $$

    Source: common practice; no paper.
    """
    return torch.where(rng.bernoulli(p).view(-1, 1, 1, 1), images.flip(-1), images)

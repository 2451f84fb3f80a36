"""Additive noise."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, NonNegativeFloat, op
from ssldsl.ops.random import SampleRng


@op(paper="oliver2018realistic", identity={"p": 0, "std": 0})
def gaussian_noise(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    std: NonNegativeFloat = 0.15,
    p: Fraction = 1.0,
) -> Images[Tensor, "batch channels height width"]:
    r"""Gaussian noise of standard deviation `std` on every pixel and channel, with probability `p`; nothing is clipped.

    $$ x'_{cij} = x_{cij} + \sigma \epsilon_{cij}, \quad \epsilon \sim N(0, 1) $$

    Source: Oliver et al., NeurIPS 2018, sec. 4.1: 0.15 on whitened images.
    """
    noise = std * rng.normal(*images.shape[1:]).to(images)
    return images + torch.where(rng.bernoulli(p).view(-1, 1, 1, 1), noise, 0.0)

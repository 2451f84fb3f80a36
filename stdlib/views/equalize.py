"""Random histogram equalization."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng

LEVELS = 256


@op(paper="assran2021paws", identity={"p": 0})
def equalize(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, p: Fraction = 0.2
) -> Images[Tensor, "batch channels height width"]:
    r"""Histogram equalization: every channel of an image spread evenly over all levels, with probability `p`.

    $$ x'_i = \frac{1}{255} \min\!\left(255, \left\lfloor \frac{\lfloor s/2 \rfloor + \sum_{l < l_i} h_l}{s}
    \right\rfloor\right), \quad s = \left\lfloor \frac{n - h_{max}}{255} \right\rfloor $$

    h counts the pixels at each of 256 levels, of n in all; max is the highest level that occurs. Where s is 0, nothing
    changes. Source: Assran et al., ICCV 2021, released code for CIFAR-10 (there p = 0.2), with the rule of Pillow.
    Images in [0, 1] are rounded to 256 levels; no gradient goes through.
    """
    levels = (images.detach() * (LEVELS - 1)).round().clamp(0, LEVELS - 1).long().flatten(2)
    counts = levels.new_zeros(*levels.shape[:2], LEVELS).scatter_add_(2, levels, torch.ones_like(levels))
    table = leveling(counts)
    equalized = table.gather(2, levels).view_as(images).to(images.dtype) / (LEVELS - 1)
    return torch.where(rng.bernoulli(p).view(-1, 1, 1, 1), equalized, images)


def leveling(counts: Tensor) -> Tensor:
    """The new level of each of 256, by how many pixels have which, along the last dimension."""
    level = torch.arange(LEVELS, device=counts.device)
    highest = torch.where(counts > 0, level, 0).amax(dim=-1, keepdim=True)
    step = (counts.sum(dim=-1, keepdim=True) - counts.gather(-1, highest)) // (LEVELS - 1)
    below = counts.cumsum(dim=-1) - counts
    table = ((below + step // 2) // step.clamp(min=1)).clamp(max=LEVELS - 1)
    return torch.where(step > 0, table, level)

"""Horizontal flips of whole batches."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, op
from ssldsl.ops.random import SampleRng


@op(across="gather", identity={"p": 0})
def batch_flip(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, p: Fraction = 0.5
) -> Images[Tensor, "batch channels height width"]:
    r"""Horizontal flip of the whole batch, all images or none, with probability `p`.

    $$ x'_{ij} = x_{i,\,w-1-j} $$

    Source: the released code of SuperCM (Singh et al., ICASSP 2023), whose reference flips every image by itself, as
    `flip` does. Several processes: all draw the same, since the images of all are gathered.
    """
    return torch.where(rng.bernoulli(p)[0], images.flip(-1), images)

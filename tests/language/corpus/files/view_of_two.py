"""A view that reads two batches."""

import torch
from torch import Tensor

from ssldsl.ops import Images, op


@op(role="views")
def pasted(
    images: Images[Tensor, "batch channels height width"], others: Images[Tensor, "batch channels height width"]
) -> Images[Tensor, "batch channels height width"]:
    """The upper halves of some images over the lower halves of others."""
    half = images.shape[2] // 2
    return torch.cat([images[:, :, :half], others[:, :, half:]], dim=2)

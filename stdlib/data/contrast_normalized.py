"""Images of which each has the same contrast."""

import torch
from attrs import evolve
from torch import Tensor

from ssldsl.ops import PositiveFloat, op
from ssldsl.ops.data import Data
from ssldsl.ops.samples import in_memory

LEAST = 1e-10 / 255  # norm of an image that has no contrast, where pixels are 0 to 1


@op(paper="goodfellow2013maxout")
def contrast_normalized(data: Data, *, scale: PositiveFloat = 55.0) -> Data:
    r"""Global contrast normalization (GCN): every image minus its own mean, brought to the norm `scale`.

    $$ x' = \text{scale} \cdot \frac{x - \bar{x}}{\|x - \bar{x}\|_2} $$

    The mean is over all pixels and channels. An image of one color becomes 0 everywhere.

    Source: Goodfellow et al., ICML 2013 (Maxout), sec. 5.2, as pylearn2 has it: `scale` 55, norms below 1e-10 of pixels
    from 0 to 255 count as 1. Usually before `whitened`. Computed once, of images in memory.
    """
    samples = in_memory(data, "contrast_normalized")
    images = torch.cat([_normalized(part, scale) for part in torch.split(samples.tensors["image"], 4096)])
    made_of = f"contrast_normalized {scale} {data.digest()}"
    return evolve(samples, tensors={**samples.tensors, "image": images}, computed_from=made_of)


def _normalized(images: Tensor, scale: float) -> Tensor:
    pixels = images.double() / (255 if images.dtype == torch.uint8 else 1)
    centered = pixels - pixels.mean(dim=(1, 2, 3), keepdim=True)
    norms = centered.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()
    return (scale * centered / torch.where(norms < LEAST, 1.0, norms)).float()

"""Random Gaussian blur."""

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ssldsl.ops import Fraction, Images, PositiveFloat, PositiveInt, op
from ssldsl.ops.random import SampleRng


@op(paper="chen2020simclr")
def gaussian_blur(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    sigma: tuple[PositiveFloat, PositiveFloat] = (0.1, 2.0),
    p: Fraction = 0.5,
    kernel_size: PositiveInt | None = None,
) -> Images[Tensor, "batch channels height width"]:
    r"""Gaussian blur of random width, with probability `p`; at the border the image is reflected.

    $$ x' = x * g * g^{\mathsf T}, \quad g_t \propto \exp\!\left(-\frac{t^2}{2\sigma^2}\right),
    \quad \sigma \sim U(\sigma_0, \sigma_1) $$

    Source: Chen et al., ICML 2020, app. A (there the kernel is a tenth of the image's height, and p = 0.5). Without
    `kernel_size`, an odd number of pixels, the kernel reaches three times the largest sigma to either side.
    """
    size = kernel_size or 2 * math.ceil(3 * sigma[1]) + 1
    height, width = images.shape[-2:]
    if size % 2 == 0 or size // 2 >= min(height, width):
        raise ValueError(f"a kernel of {size} pixels: it must be odd, and {size // 2} less than {min(height, width)}")
    numbers = rng.uniform(2)
    blurred = blur(images, sigma[0] + (sigma[1] - sigma[0]) * numbers[:, 0], size)
    return torch.where((numbers[:, 1] < p).view(-1, 1, 1, 1), blurred, images)


def blur(images: Tensor, sigma: Tensor, size: int) -> Tensor:
    """Every image blurred with its own sigma (batch)."""
    batch, channels, height, width = images.shape
    reach = size // 2
    distance = torch.arange(-reach, reach + 1, device=images.device)
    kernel = (-0.5 * (distance / sigma.view(-1, 1)) ** 2).exp()
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).to(images.dtype).repeat_interleave(channels, dim=0)
    padded = pad(images, (reach, reach, reach, reach), mode="reflect")
    lines = padded.reshape(1, batch * channels, *padded.shape[-2:])  # all channels of all images side by side
    with torch.autocast(images.device.type, enabled=False):
        lines = conv2d(lines, kernel[:, None, None, :], groups=batch * channels)
        lines = conv2d(lines, kernel[:, None, :, None], groups=batch * channels)
    return lines.reshape(batch, channels, height, width)

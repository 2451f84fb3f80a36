"""Random Gaussian blur."""

import math
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ssldsl.ops import Fraction, Images, PositiveFloat, PositiveInt, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import change_some


@op(paper="chen2020simclr", identity={"p": 0})
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
    widths = sigma[0] + (sigma[1] - sigma[0]) * numbers[:, 0]
    return change_some(images, numbers[:, 1] < p, partial(blur, size=size), widths)


def blur(images: Tensor, sigma: Tensor, size: int) -> Tensor:
    """Every image blurred with its own sigma (batch)."""
    distance = torch.arange(-(size // 2), size // 2 + 1, device=images.device)
    kernel = (-0.5 * (distance / sigma.view(-1, 1)) ** 2).exp()
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).to(images.dtype)
    if images.is_cpu:
        return _summed(_summed(images, kernel, -2), kernel, -1)
    return _convolved(images, kernel)


def _summed(images: Tensor, kernel: Tensor, dim: int) -> Tensor:
    """Images blurred along one dimension as a sum of moved images: processors are twice as fast so as by `conv2d`."""
    reach, length = kernel.shape[1] // 2, images.shape[dim]
    border = (reach, reach, 0, 0) if dim == -1 else (0, 0, reach, reach)
    padded = pad(images, border, mode="reflect")
    shares = kernel.view(*kernel.shape, 1, 1, 1).unbind(dim=1)
    total = padded.narrow(dim, 0, length) * shares[0]
    for start, share in enumerate(shares[1:], 1):
        total = total.addcmul_(padded.narrow(dim, start, length), share)
    return total


def _convolved(images: Tensor, kernel: Tensor) -> Tensor:
    batch, channels, height, width = images.shape
    reach = kernel.shape[1] // 2
    kernel = kernel.repeat_interleave(channels, dim=0)
    padded = pad(images, (reach, reach, reach, reach), mode="reflect")
    lines = padded.reshape(1, batch * channels, *padded.shape[-2:])  # all channels of all images side by side
    with torch.autocast(images.device.type, enabled=False):
        lines = conv2d(lines, kernel[:, None, None, :], groups=batch * channels)
        lines = conv2d(lines, kernel[:, None, :, None], groups=batch * channels)
    return lines.reshape(batch, channels, height, width)

"""Images of one size, and the resampling that every view of a new size shares."""

import torch
from torch import Tensor

from ssldsl.ops import Images, PositiveInt, op


def resampling(start: Tensor, length: Tensor, old: int, new: int, antialias: bool, cubic: bool = False) -> Tensor:
    """Weights (batch, new, old) that map the pixels [start, start + length) of a line to `new` pixels, bilinear ones.

    Where a line shrinks and `antialias` is set, the triangle is as wide as the old pixels that make a new one. Weights
    of pixels outside the part are 0, so nothing from beside it comes in; each row sums to 1.
    cubic: Keys' cubic curve instead of the triangle, as Pillow has it: pixels beside those next to a place count too.
    """
    start, length = start.float().view(-1, 1, 1), length.float().view(-1, 1, 1)
    step = length / new
    center = (torch.arange(new, device=start.device).view(1, -1, 1) + 0.5) * step + start
    pixel = torch.arange(old, device=start.device).view(1, 1, -1) + 0.5
    inside = (pixel > start) & (pixel < start + length)
    if antialias or cubic:
        distance = ((pixel - center) / (step.clamp(min=1) if antialias else 1)).abs()
        weights = (_cubic(distance) if cubic else (1 - distance).clamp(min=0)) * inside
        return weights / weights.sum(dim=-1, keepdim=True)
    # without it, a center beyond that of the last pixel takes the value of the last pixel
    center = center.maximum(start + 0.5).minimum(start + length - 0.5)
    return (1 - (pixel - center).abs()).clamp(min=0) * inside


def area_weights(old: int, new: int, device: torch.device) -> Tensor:
    """Weights (1, new, old) by which a new pixel is the mean of the old ones that it covers, whole or in part."""
    step = old / new
    before = torch.arange(new, device=device).view(1, -1, 1) * step
    pixel = torch.arange(old, device=device).view(1, 1, -1)
    return (before + step).minimum(pixel + 1).sub(before.maximum(pixel)).clamp(min=0) / step


def _cubic(distance: Tensor) -> Tensor:
    """Keys' interpolation with a = -1/2."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
    return torch.where(distance < 1, near, far) * (distance < 2)


def apply_resampling(images: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Images times the weights of their rows (batch or 1, new, old) and of their columns."""
    with torch.autocast(images.device.type, enabled=False):  # weights of eight bits would show in the images
        rows = down.to(images.dtype).unsqueeze(1) @ images
        return rows @ across.to(images.dtype).unsqueeze(1).transpose(-1, -2)


def whole_line(old: int, new: int, antialias: bool, interpolation: str, device: torch.device) -> Tensor:
    """Weights (1, new, old) that map a whole line of pixels."""
    if interpolation == "area":
        return area_weights(old, new, device)
    start = torch.zeros(1, device=device)
    return resampling(start, torch.full_like(start, old), old, new, antialias)


def stretched(images: Tensor, height: int, width: int, antialias: bool, interpolation: str = "bilinear") -> Tensor:
    """Whole images at another height and width."""
    down, across = (
        whole_line(old, new, antialias, interpolation, images.device)
        for old, new in zip(images.shape[-2:], (height, width), strict=True)
    )
    return apply_resampling(images, down, across)


@op()
def resize(
    images: Images[Tensor, "batch channels height width"], *, size: PositiveInt, antialias: bool = True
) -> Images[Tensor, "batch channels {size} {size}"]:
    r"""Bilinear resizing to a square of `size` pixels, whatever the proportions were.

    $$ x'_{ij} = \sum_{uv} \lambda\!\left(\tfrac{u - u_i}{\max(1, s)}\right)
    \lambda\!\left(\tfrac{v - v_j}{\max(1, s)}\right) x_{uv},
    \quad \lambda(t) \propto \max(0, 1 - |t|), \; u_i = (i + \tfrac12) s - \tfrac12 $$

    Source: common practice; no paper. s is the number of old pixels that make a new one. Without `antialias` the
    triangle stays one pixel wide, as in older pipelines, and detail smaller than a new pixel is kept or lost by chance.
    """
    return stretched(images, size, size, antialias)

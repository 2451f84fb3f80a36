"""Blocks of patches that are hidden from a network, more or fewer of every image."""

import math

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, Masks, PositiveFloat, PositiveInt, op
from ssldsl.ops.random import SampleRng

TRIES = 40  # blocks that are tried in all, of which no more than `GIVES_UP` in a row may fail
GIVES_UP = 10


@op(paper="zhou2022ibot")
def block_patch_mask(
    images: Images[Tensor, "batch channels {patch}*rows {patch}*columns"],
    *,
    rng: SampleRng,
    patch: PositiveInt = 16,
    low: Fraction = 0.1,
    high: Fraction = 0.5,
    p: Fraction = 0.5,
    smallest: PositiveInt = 4,
    aspect: PositiveFloat = 0.3,
) -> Masks[Tensor, "batch rows*columns"]:
    r"""Block-wise masking: rectangles of patches, until a share is hidden or no more fits; 1 where a patch is hidden.

    $$ a \sim U(smallest,\, t),\ \ln r \sim U(\ln aspect,\, -\ln aspect),\ h = [\sqrt{a r}],\ w = [\sqrt{a / r}] $$

    With probability `p` an image is masked, and then a share of its patches from U(low, high) is wanted; t is what is
    still missing. A block is taken where it is smaller than the image, hides a patch that is not hidden yet, and no
    more than are missing; ten in a row that do not fit are the last.

    Source: Bao et al., ICLR 2022 (BEiT), algorithm 1, as Zhou et al., ICLR 2022 (iBOT), and Oquab et al., 2023 (DINOv2)
    draw it; DINOv2 spreads the shares evenly over a batch, and here every image draws its own.
    """
    grid = images.shape[2] // patch, images.shape[3] // patch
    masked, share = rng.uniform() < p, low + (high - low) * rng.uniform()
    missing = (math.prod(grid) * share).floor() * masked
    hidden = torch.zeros(len(images), *grid, dtype=torch.bool, device=images.device)
    fails = torch.zeros_like(missing)
    for u in rng.uniform(TRIES, 4).unbind(dim=1):
        block = _block(u, smallest + (missing - smallest) * u[:, 0], aspect, grid)
        new = block & ~hidden
        count = new.sum(dim=(1, 2)).to(missing)
        fits = (count > 0) & (count <= missing) & (fails < GIVES_UP)
        hidden = hidden | (new & fits[:, None, None])
        missing, fails = missing - count * fits, torch.where(fits, 0.0, fails + 1)
    return hidden.flatten(1).to(images.dtype)


def _block(u: Tensor, area: Tensor, aspect: float, grid: tuple[int, int]) -> Tensor:
    """A rectangle of about this area somewhere in the grid, (batch, rows, columns); none where it is not smaller."""
    proportion = ((1 - 2 * u[:, 1]) * math.log(aspect)).exp()
    sizes = (area * proportion).sqrt().round(), (area / proportion).sqrt().round()
    inside = []
    for size, where, side in zip(sizes, (u[:, 2], u[:, 3]), grid, strict=True):
        first = (where * (side - size + 1)).floor()
        place = torch.arange(side, device=u.device)
        inside.append((place >= first[:, None]) & (place < (first + size)[:, None]) & (size < side)[:, None])
    return inside[0][:, :, None] & inside[1][:, None, :]

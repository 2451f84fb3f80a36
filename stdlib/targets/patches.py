"""The patches of images, as a network is to reconstruct them."""

from torch import Tensor

from ssldsl.ops import Features, Images, PositiveInt, op

EPSILON = 1e-6


@op(paper="he2022mae")
def patches(
    images: Images[Tensor, "batch channels {patch}*rows {patch}*columns"],
    *,
    patch: PositiveInt = 16,
    normalized: bool = False,
) -> Features[Tensor, "batch rows*columns {patch}*{patch}*channels"]:
    r"""Patches row by row, and of each its pixels row by row, the channels of a pixel side by side.

    $$ t_{ij} = x_{ij}, \qquad \text{normalized:} \quad t_{ij} = \frac{x_{ij} - \mu_i}{\sqrt{\sigma_i^2 + 10^{-6}}} $$

    `normalized`: each patch minus its mean, divided by its standard deviation (unbiased variance, over pixels and
    channels).

    Source: He et al., CVPR 2022 (MAE), sec. 3 and released code. Not normalized, they are the pixels themselves.
    """
    batch, channels, height, width = images.shape
    grid = images.reshape(batch, channels, height // patch, patch, width // patch, patch)
    found = grid.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)
    if not normalized:
        return found
    centered = found - found.mean(dim=-1, keepdim=True)
    return centered / (found.var(dim=-1, keepdim=True) + EPSILON).sqrt()

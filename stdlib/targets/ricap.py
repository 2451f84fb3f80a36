"""Two views of a batch whose images are each put together of four patches."""

from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Images, Labels, PositiveFloat, Weights, op
from ssldsl.ops.random import SampleRng


class Composed(NamedTuple):
    """Both views, of which rows of the batch every image is made, and which share each of them has."""

    images: Images[Tensor, "batch channels height width"]
    others: Images[Tensor, "batch channels height width"]
    partners: Labels[Tensor, "batch 4"]
    shares: Weights[Tensor, "batch 4"]


@op(paper="takahashi2018ricap", across="gather")
def ricap(
    images: Images[Tensor, "batch channels height width"],
    others: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    beta: PositiveFloat = 0.3,
    keep_large: bool = True,
) -> Composed:
    r"""RICAP (LSD-C): images of four patches, of which large ones are their own; two views share partners and sizes.

    $$ w = \mathrm{round}(H u), \; h = \mathrm{round}(W v), \quad u, v \sim \mathrm{Beta}(\beta, \beta), \quad
       \text{sizes } (w, h), (H - w, h), (w, W - h), (H - w, W - h) $$

    Sizes and partners are drawn once for the whole batch and both views, the place of every patch in its image by view.
    The second patch stands below the first, the other two to the right of them. A patch of more than a quarter of the
    image comes from the image itself; `keep_large=false` draws a partner for it too. A patch may have no pixel at all.
    `composed_pairs` makes the targets.

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), released code, with beta 0.3; RICAP itself is Takahashi et al.,
    ACML 2018, where no patch is the image's own. Several processes: partners are rows of the whole batch.
    """
    height, width = images.shape[-2:]
    uv = rng.beta(beta, beta, 2)[0].to(images.device)
    sizes = patch_sizes(height, width, uv[0], uv[1])
    places = rng.uniform(2, 4, 2)[0]
    partners = torch.stack([rng.permutation() for _ in range(4)], dim=1).to(images.device)
    areas = sizes.prod(dim=1)
    if keep_large:
        own = torch.arange(len(images), device=images.device).unsqueeze(1)
        partners = torch.where(areas > height * width / 4, own, partners)
    views = [
        compose(view, partners, sizes, offsets(sizes, place, (height, width)))
        for view, place in zip((images, others), places.to(images.device), strict=True)
    ]
    shares = (areas / (height * width)).to(images.dtype).expand(len(images), 4)
    return Composed(views[0], views[1], partners, shares)


def patch_sizes(height: int, width: int, u: Tensor, v: Tensor) -> Tensor:
    """Rows and columns of the four patches, (4, 2); halves are rounded to even numbers."""
    down, across = (height * u).round(), (width * v).round()
    pairs = [(down, across), (height - down, across), (down, width - across), (height - down, width - across)]
    return torch.stack([torch.stack(pair) for pair in pairs])


def offsets(sizes: Tensor, places: Tensor, image: tuple[int, int]) -> Tensor:
    """Where each patch is cut out, (4, 2), everywhere with the same probability. places: in [0, 1)."""
    room = torch.tensor(image, device=sizes.device) - sizes
    return (places * (room + 1)).floor().minimum(room)


def compose(images: Tensor, partners: Tensor, sizes: Tensor, offset: Tensor) -> Tensor:
    """Every image of four patches of its partners, by one look-up of pixels: no shape depends on the sizes."""
    height, width = images.shape[-2:]
    down, across = (torch.arange(n, device=images.device) for n in (height, width))
    below, right = down >= sizes[0, 0], across >= sizes[0, 1]
    patch = below.long().unsqueeze(1) + 2 * right.long().unsqueeze(0)
    row = (down - torch.where(below, sizes[0, 0], 0)).unsqueeze(1) + offset[:, 0][patch]
    column = (across - torch.where(right, sizes[0, 1], 0)).unsqueeze(0) + offset[:, 1][patch]
    return images[partners[:, patch], :, row.long(), column.long()].permute(0, 3, 1, 2)

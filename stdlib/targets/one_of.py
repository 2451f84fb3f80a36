"""One of several views of an image, drawn for every image alone."""

import torch
from torch import Tensor

from ssldsl.ops import Images, NonNegativeFloat, op
from ssldsl.ops.random import SampleRng


@op()
def one_of(
    images: list[Images[Tensor, "batch channels height width"]],
    *,
    rng: SampleRng,
    weights: list[NonNegativeFloat] | None = None,
) -> Images[Tensor, "batch channels height width"]:
    r"""For every image one of several views of it, such as `one_of(solarize(x, p=1) | gaussian_blur(x, p=1))`.

    $$ x'_b = x^{(k_b)}_b, \quad P(k_b = k) = w_k / \textstyle\sum_j w_j $$

    `weights`: how likely each view is; without them all are alike. All views are made of all images. `maybe(x, view,
    p)` is the view with probability p, and else the image as it is.

    Source: common practice; no paper (torchvision's RandomChoice, for every image alone).
    """
    if weights is not None and (len(weights) != len(images) or sum(weights) <= 0):
        raise ValueError(f"{len(images)} views and the weights {weights}: wanted is one for each, not all of them 0")
    shares = torch.tensor(weights or [1.0] * len(images), device=images[0].device).cumsum(0)
    place = rng.uniform(1).to(images[0].device) * shares[-1]
    chosen = torch.searchsorted(shares, place, right=True).squeeze(1).clamp(max=len(images) - 1)
    found = images[0]
    for number, view in enumerate(images[1:], start=1):
        found = torch.where((chosen == number).view(-1, 1, 1, 1), view, found)
    return found

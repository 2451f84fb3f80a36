"""Channels with the mean and standard deviation that a network expects."""

import torch
from torch import Tensor

from ssldsl.ops import Images, op


@op()
def normalize(
    images: Images[Tensor, "batch channels height width"], *, mean: list[float], std: list[float]
) -> Images[Tensor, "batch channels height width"]:
    r"""Standardized channels: each minus its `mean`, divided by its `std`; one number stands for all channels.

    $$ x'_c = \frac{x_c - \mu_c}{\sigma_c} $$

    Source: common practice; no paper. Put it last: the other views expect values in [0, 1].
    """
    channels = images.shape[1]
    if len(mean) not in (1, channels) or len(std) not in (1, channels):
        raise ValueError(f"{len(mean)} means and {len(std)} deviations for {channels} channels")
    if any(deviation <= 0 for deviation in std):
        raise ValueError(f"a standard deviation is above 0: {list(std)}")
    if len(mean) == len(std) == 1:
        return (images - mean[0]) / std[0]
    # numbers, not a tensor made of them: that would be copied to the device in every step
    pairs = [(mean[c % len(mean)], std[c % len(std)]) for c in range(channels)]
    return torch.stack([(images[:, c] - mu) / sigma for c, (mu, sigma) in enumerate(pairs)], dim=1)

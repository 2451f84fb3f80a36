"""Random changes of brightness, contrast, saturation and hue."""

from collections.abc import Callable

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, NonNegativeFloat, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.views.grayscale import luminance

Change = tuple[Callable[[Tensor, Tensor], Tensor], Tensor]  # what is changed, and by how much per image


def change_brightness(images: Tensor, factor: Tensor) -> Tensor:
    """Values times the factor (batch)."""
    return (images * factor.view(-1, 1, 1, 1)).clamp(0, 1)


def change_contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Distances from the image's mean brightness times the factor (batch)."""
    mean = luminance(images).mean(dim=(1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, factor.view(-1, 1, 1, 1)).clamp(0, 1)


def change_saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Distances from the pixel's brightness times the factor (batch)."""
    return torch.lerp(luminance(images), images, factor.view(-1, 1, 1, 1)).clamp(0, 1)


def change_hue(images: Tensor, turn: Tensor) -> Tensor:
    """Hues moved along their circle by a fraction (batch) of it. Images of one channel have no hue."""
    if images.shape[1] == 1:
        return images
    value, chroma, sixth = hues(images)
    return colored(value, chroma, sixth + 6 * turn.view(-1, 1, 1))


def hues(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The largest of a pixel's three channels, how far the smallest lies below it, and the hue in sixths of its circle.

    Each (batch, height, width). Gray has the hue of red, 0.
    """
    red, green, blue = images.unbind(dim=1)
    value = images.amax(dim=1)
    chroma = value - images.amin(dim=1)
    divisor = chroma.where(chroma > 0, 1)
    sixth = torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor)
    return value, chroma, torch.where(value == red, (green - blue) / divisor, sixth)


def colored(value: Tensor, chroma: Tensor, sixth: Tensor) -> Tensor:
    """The image that `hues` takes apart; hues may lie beyond one turn of the circle."""
    # red, green and blue fall off with the distance of the hue from theirs, on a circle of length 6
    distance = torch.stack([(sixth + offset) % 6 for offset in (5, 3, 1)], dim=1)
    return value.unsqueeze(1) - chroma.unsqueeze(1) * distance.minimum(4 - distance).clamp(0, 1)


@op(paper="chen2020simclr")
def color_jitter(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    brightness: NonNegativeFloat = 0.4,
    contrast: NonNegativeFloat = 0.4,
    saturation: NonNegativeFloat = 0.2,
    hue: Fraction = 0.1,
    p: Fraction = 0.8,
    shuffled: bool = False,
) -> Images[Tensor, "batch channels height width"]:
    r"""Color jitter: random changes of brightness, contrast, saturation and hue, all of them with probability `p`.

    $$ x' = f x + (1 - f)\,y, \quad f \sim U(\max(0, 1 - a), 1 + a), \quad \text{hue} + U(-a, a) $$

    Source: Chen et al., ICML 2020, app. A; strengths and p of Grill et al., NeurIPS 2020, app. B. y is 0 for
    brightness, the mean gray for contrast, the pixel's gray for saturation. The changes are made in this order;
    `shuffled` draws one of the 24 orders for every image, as the papers do, at four times the cost.
    """
    if hue > 0.5:
        raise ValueError(f"half the circle of hues is the largest change, and hue is {hue}")
    numbers = rng.uniform(9)  # at once, because a call costs more than what it returns
    changes: list[Change] = [
        (change_brightness, _between(max(0.0, 1 - brightness), 1 + brightness, numbers[:, 0])),
        (change_contrast, _between(max(0.0, 1 - contrast), 1 + contrast, numbers[:, 1])),
        (change_saturation, _between(max(0.0, 1 - saturation), 1 + saturation, numbers[:, 2])),
        (change_hue, _between(-hue, hue, numbers[:, 3])),
    ]
    order = numbers[:, 5:].argsort(dim=1) if shuffled else None
    return torch.where((numbers[:, 4] < p).view(-1, 1, 1, 1), change_all(images, changes, order), images)


def _between(low: float, high: float, number: Tensor) -> Tensor:
    """A number from 0 to 1 as one from `low` to `high`."""
    return low + (high - low) * number


def change_all(images: Tensor, changes: list[Change], order: Tensor | None) -> Tensor:
    """All changes, one after the other. `order`: which change comes first, second, ... for each image, (batch, 4)."""
    if order is None:
        for change, amount in changes:
            images = change(images, amount)
        return images
    for place in range(len(changes)):
        before = images
        for number, (change, amount) in enumerate(changes):
            now = (order[:, place] == number).view(-1, 1, 1, 1)
            images = torch.where(now, change(before, amount), images)
    return images

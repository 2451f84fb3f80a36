"""Random changes of brightness, contrast, saturation and hue."""

from bisect import bisect_left, bisect_right

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Images, NonNegativeFloat, op
from ssldsl.ops.random import SampleRng
from ssldsl.ops.some_rows import can_be_looked_at, change_some
from ssldsl.stdlib.views.grayscale import has_color, luminance

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)  # the changes, in the order that is not shuffled


def change_brightness(images: Tensor, factor: Tensor) -> Tensor:
    """Values times the factor (batch)."""
    return (images * factor.to(images).view(-1, 1, 1, 1)).clamp(0, 1)


def change_contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Distances from the image's mean brightness times the factor (batch)."""
    mean = luminance(images).mean(dim=(1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, factor.to(images).view(-1, 1, 1, 1)).clamp(0, 1)


def change_saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Distances from the pixel's brightness times the factor (batch)."""
    return torch.lerp(luminance(images), images, factor.to(images).view(-1, 1, 1, 1)).clamp(0, 1)


def change_hue(images: Tensor, turn: Tensor) -> Tensor:
    """Hues moved along their circle by a fraction (batch) of it. Images of one channel have no hue."""
    if not has_color(images):
        return images
    return colored(*hues(images), 6 * turn)


def hues(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The largest of a pixel's three channels, how far the smallest lies below it, and the hue in sixths of its circle.

    Each (batch, height, width). Hues are from -3 to 3; gray has that of red, 0.
    """
    red, green, blue = images.unbind(dim=1)
    value = red.maximum(green).maximum(blue)
    chroma = value - red.minimum(green).minimum(blue)
    # how far the hue is from red falls with red and rises with the others, in all six sixths alike
    scaled = (2 * chroma).add_(green + blue).sub_(red + value)
    distance = scaled.div_(chroma.clamp(min=torch.finfo(chroma.dtype).tiny))
    return value, chroma, distance.copysign(green - blue)


def colored(value: Tensor, chroma: Tensor, sixth: Tensor, turn: Tensor | None = None) -> Tensor:
    """The image that `hues` takes apart, its hues moved on by so many sixths of their circle (batch)."""
    centers = torch.arange(0, 6, 2, device=value.device)  # the hues of red, green and blue
    ahead = ((0 if turn is None else turn.view(-1, 1)) - centers.view(1, -1)) % 6
    # the distance of a hue from a channel's own, on a circle of length 6, is that of a number from -3 to 9 to 0
    distance = sixth.unsqueeze(1) + (ahead - 3).to(value.dtype)[:, :, None, None]
    missing = distance.abs_().sub_(3).abs_().sub_(1).clamp_(0, 1)
    return torch.addcmul(value.unsqueeze(1), chroma.unsqueeze(1), missing, value=-1)


@op(paper="chen2020simclr", identity={"p": 0})
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
    `shuffled` draws one of the 24 orders for every image, as the papers do.
    """
    if hue > 0.5:
        raise ValueError(f"half the circle of hues is the largest change, and hue is {hue}")
    numbers = rng.uniform(9)  # at once, because a call costs more than what it returns
    ranges = [(max(0.0, 1 - strength), 1 + strength) for strength in (brightness, contrast, saturation)]
    parts = [low + (high - low) * numbers[:, i] for i, (low, high) in enumerate([*ranges, (-hue, hue)])]
    amounts, chosen = torch.stack(parts, dim=1), numbers[:, 4] < p
    if not shuffled:
        return change_some(images, chosen, change_all, amounts)
    return change_some(images, chosen, change_in_order, amounts, numbers[:, 5:].argsort(dim=1))


def change_all(images: Tensor, amounts: Tensor) -> Tensor:
    """Brightness, contrast, saturation and hue changed one after the other, by amounts (batch, 4)."""
    for change, amount in zip(CHANGES, amounts.unbind(dim=1), strict=True):
        images = change(images, amount)
    return images


def change_in_order(images: Tensor, amounts: Tensor, order: Tensor) -> Tensor:
    """The four changes by amounts (batch, 4). `order`: which comes first, second, ... for each image, (batch, 4).

    Three of them mix an image with something gray, and are one operation whichever it is. The hue is changed once, for
    all images: an image whose hue comes second is mixed with gray at the first place before it, and at two behind it.
    """
    hue_at = (order == HUE).int().argmax(dim=1)
    if can_be_looked_at(order):
        if len(images) == 1:
            return _of_one(images, amounts, order.squeeze(0).tolist())
        rows = hue_at.argsort()
        return _by_slices(images[rows], amounts[rows], order[rows], hue_at[rows].tolist())[rows.argsort()]
    for place in (0, 1, 2):
        images = _mixed(images, amounts, order[:, place], hue_at > place)
    images = change_hue(images, amounts[:, HUE])
    for place in (1, 2, 3):
        images = _mixed(images, amounts, order[:, place], hue_at < place)
    return images


def _of_one(image: Tensor, amounts: Tensor, order: list[int]) -> Tensor:
    """The four changes of an image alone, each by as few operations as it takes, with the digits of a batch."""
    for which, amount in zip(order, amounts[0, order].tolist(), strict=True):
        if which == HUE:
            image = change_hue(image, amounts[:, HUE])
        else:
            image = torch.lerp(_gray(image, which), image, amount).clamp_(0, 1)
    return image


def _gray(image: Tensor, which: int) -> Tensor:
    """What an image is mixed with for a change that is not that of its hue."""
    if which == BRIGHTNESS:
        return image.new_zeros(())
    gray = luminance(image)
    return gray if which == SATURATION else gray.mean(dim=(1, 2, 3), keepdim=True)


def _by_slices(images: Tensor, amounts: Tensor, order: Tensor, hue_at: list[int]) -> Tensor:
    """The four changes of images that are sorted by the places of their hues."""
    for place in (0, 1, 2):
        start = bisect_right(hue_at, place)  # the hue of these and of those behind them comes later
        images = _mixed_in(images, slice(start, None), amounts, order[:, place])
    images = change_hue(images, amounts[:, HUE])
    for place in (1, 2, 3):
        images = _mixed_in(images, slice(bisect_left(hue_at, place)), amounts, order[:, place])
    return images


def _mixed_in(images: Tensor, part: slice, amounts: Tensor, which: Tensor) -> Tensor:
    """Images of which those of a part at the beginning or the end are mixed."""
    count = len(images[part])
    if count == 0:
        return images
    mixed = _mixed(images[part], amounts[part], which[part])
    if count == len(images):
        return mixed
    return torch.cat([images[: part.start], mixed] if part.start else [mixed, images[part.stop :]])


def _mixed(images: Tensor, amounts: Tensor, which: Tensor, now: Tensor | None = None) -> Tensor:
    """Brightness, contrast or saturation changed: `which` says what of every image. Images not `now` stay."""
    if now is not None:
        which = torch.where(now, which, BRIGHTNESS)
    factor = amounts.gather(1, which.unsqueeze(1)).squeeze(1)
    if now is not None:
        factor = torch.where(now, factor, 1)
    gray = luminance(images)
    mean = gray.mean(dim=(1, 2, 3))
    gray = gray * _only(which == SATURATION, gray) + _only(which == CONTRAST, gray) * mean.view(-1, 1, 1, 1)
    return torch.lerp(gray, images, factor.to(images).view(-1, 1, 1, 1)).clamp(0, 1)


def _only(chosen: Tensor, like: Tensor) -> Tensor:
    return chosen.to(like.dtype).view(-1, 1, 1, 1)


CHANGES = (change_brightness, change_contrast, change_saturation, change_hue)

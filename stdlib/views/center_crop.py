"""The center of every image, for evaluation."""

from typing import Literal

from torch import Tensor

from ssldsl.ops import Images, PositiveInt, op
from ssldsl.stdlib.views.resize import apply_resampling, whole_line


def scaled_sides(height: int, width: int, short_side: int | None) -> tuple[int, int]:
    """Height and width of an image whose shorter side becomes `short_side` pixels, if that is given."""
    scale = 1.0 if short_side is None else short_side / min(height, width)
    return round(height * scale), round(width * scale)


@op()
def center_crop(
    images: Images[Tensor, "batch channels height width"],
    *,
    size: PositiveInt,
    short_side: PositiveInt | None = None,
    antialias: bool = True,
    interpolation: Literal["bilinear", "area"] = "bilinear",
) -> Images[Tensor, "batch channels {size} {size}"]:
    r"""Center crop of `size` pixels; with `short_side`, of the image resized to that short side.

    $$ x'_{ij} = x_{i + \lfloor (h-s)/2 \rfloor,\; j + \lfloor (w-s)/2 \rfloor} $$

    Source: common practice; no paper. For ImageNet `center_crop(224, short_side=256)`. Resizing keeps the proportions
    to a whole number of pixels; only the part that is kept is computed. `area`: a new pixel is the mean of the old ones
    that it covers, as S4L's released code resizes for evaluation.
    """
    height, width = images.shape[-2:]
    new_height, new_width = scaled_sides(height, width, short_side)
    if new_height < size or new_width < size:
        raise ValueError(f"a crop of {size} by {size} pixels from images of {new_height} by {new_width}")
    top, left = (new_height - size) // 2, (new_width - size) // 2
    if short_side is None:
        return images[:, :, top : top + size, left : left + size]
    down = whole_line(height, new_height, antialias, interpolation, images.device)
    across = whole_line(width, new_width, antialias, interpolation, images.device)
    return apply_resampling(images, down[:, top : top + size], across[:, left : left + size])

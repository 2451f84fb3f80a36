"""Center and corners of every image, for labels and evaluations that average over them."""

from typing import Literal

import torch
from torch import Tensor

from ssldsl.ops import Images, PositiveInt, op
from ssldsl.stdlib.views.center_crop import scaled_sides
from ssldsl.stdlib.views.resize import stretched


@op(paper="krizhevsky2012alexnet")
def five_crop(
    images: Images[Tensor, "batch channels height width"],
    *,
    size: PositiveInt,
    short_side: PositiveInt | None = None,
    antialias: bool = True,
    interpolation: Literal["bilinear", "area"] = "bilinear",
) -> Images[Tensor, "5*batch channels {size} {size}"]:
    r"""Five crops of `size` pixels, center and corners; with `short_side`, of the image resized to that short side.

    $$ x'_{5b+k} = x_b[t_k : t_k + s, \; l_k : l_k + s] $$

    Rows are image-major, in the order center, top left, top right, bottom left, bottom right. `center_crop` gives
    the first of them. Source: Krizhevsky et al., NeurIPS 2012, sec. 4.1, in the order of Zhai et al., ICCV 2019, as
    released.
    """
    height, width = scaled_sides(images.shape[2], images.shape[3], short_side)
    if height < size or width < size:
        raise ValueError(f"crops of {size} by {size} pixels from images of {height} by {width}")
    whole = images if short_side is None else stretched(images, height, width, antialias, interpolation)
    down, across = height - size, width - size
    corners = [(down // 2, across // 2), (0, 0), (0, across), (down, 0), (down, across)]
    crops = [whole[:, :, top : top + size, left : left + size] for top, left in corners]
    return torch.stack(crops, dim=1).flatten(0, 1)

"""Images from a file of NumPy arrays."""

from functools import partial

import torch
from torch import Tensor

from ssldsl.ops import File, PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.ops.places import BrokenData
from ssldsl.stdlib.data.vector_arrays import array_splits


def as_images(array: Tensor, place: str, channels_last: bool) -> Tensor:
    """Images of any layout, channels first; bytes stay bytes, floats must lie in [0, 1]."""
    if array.ndim == 3:
        array = array.unsqueeze(1)
    elif array.ndim == 4 and channels_last:
        array = array.permute(0, 3, 1, 2)
    if array.ndim != 4 or not (array.dtype == torch.uint8 or array.dtype.is_floating_point):
        reason = (
            f"images are bytes or floats of 3 or 4 dimensions, and this is {array.dtype} of {array.ndim} dimensions"
        )
        raise BrokenData(reason, place)
    if array.dtype.is_floating_point and not ((array >= 0) & (array <= 1)).all():
        low, high = array.min().item(), array.max().item()
        raise BrokenData(f"floats of images lie between 0 and 1, and these between {low:g} and {high:g}", place)
    return (array if array.dtype == torch.uint8 else array.float()).contiguous()


@op(splits={"train": "N_train", "test": "N_test"}, fields={"image": "channels height width"}, classes="classes")
def image_arrays(
    *,
    path: File,
    channels: PositiveInt | None = None,
    height: PositiveInt | None = None,
    width: PositiveInt | None = None,
    classes: PositiveInt | None = None,
    channels_last: bool = False,
    data: str = "data",
    label: str = "label",
    root: str = "",
) -> Splits:
    """Your own images and labels from NumPy files: one `.npz`, several `.npy`, or a folder of `.npy` files.

    Source: no paper. The array is (samples, channels, height, width), or (samples, height, width) of one channel, or
    with `channels_last` (samples, height, width, channels). For names, splits and paths see `vector_arrays`.
    """
    sizes = {"channels": channels, "height": height, "width": width, "classes": classes}
    convert = partial(as_images, channels_last=channels_last)
    return array_splits(image_arrays, "image", convert, path, data, label, root, **sizes)

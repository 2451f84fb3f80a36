"""Images from a file of NumPy arrays."""

from functools import partial

import torch
from torch import Tensor

from ssldsl.ops import File, PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.image_files import no_shares
from ssldsl.stdlib.data.vector_arrays import array_splits

COLORS = (1, 3, 4)  # how many channels a picture mostly has


def channels_first(
    array: Tensor, place: str, channels_last: bool | None, channels: int | None
) -> tuple[Tensor, tuple[str, ...]]:
    """Images of any layout as (samples, channels, height, width), and a note where another layout is likelier."""
    if array.ndim not in (3, 4) or not (array.dtype == torch.uint8 or array.dtype.is_floating_point):
        raise BrokenData(f"{_no_images(array)}\n{_way_out(array)}", place)
    if array.ndim == 3:
        return array.unsqueeze(1), ()
    found = array.permute(0, 3, 1, 2) if channels_last else array
    _, read, height, width = found.shape
    other = array.shape[1 if channels_last else 3]
    if read in COLORS or other not in COLORS or channels == read or channels_last is False:
        return found, ()
    other_way = "leave `channels_last` out" if channels_last else "say `channels_last=true`"
    read_as = f"{place} is read as pictures of {read} channels and {height} × {width} pixels"
    return found, (f"{read_as}: if that is not meant, {other_way}",)


def as_images(rows: Tensor, place: str) -> Tensor:
    """Bytes stay bytes; floats must lie in [0, 1]."""
    if rows.dtype.is_floating_point and not ((rows >= 0) & (rows <= 1)).all():
        raise BrokenData(no_shares(rows.numpy()), place)
    return (rows if rows.dtype == torch.uint8 else rows.float()).contiguous()


def _no_images(array: Tensor) -> str:
    kind = str(array.dtype).removeprefix("torch.")
    return f"images are bytes or floats of 3 or 4 dimensions, and this is {kind} of {array.ndim} dimensions"


def _way_out(array: Tensor) -> str:
    """How an array that holds no images is saved so that it does."""
    if array.ndim not in (3, 4):
        return "rows of numbers are read by `vector_arrays`; images are saved as (samples, channels, height, width)"
    if array.dtype == torch.bool:
        return "save them as bytes: `(255 * array).astype('uint8')`"
    if not array.numel() or 0 <= array.numpy().min() <= array.numpy().max() <= 255:
        return "save them as bytes: `array.astype('uint8')`"
    return "save them as floats from 0 to 1: `(array / array.max()).astype('float32')` where 0 is black"


@op(
    splits={"train": "N_train", "test": "N_test", "unlabeled": "N_unlabeled"},
    fields={"image": "channels height width"},
    classes="classes",
)
def image_arrays(
    *,
    path: File,
    channels: PositiveInt | None = None,
    height: PositiveInt | None = None,
    width: PositiveInt | None = None,
    classes: PositiveInt | None = None,
    channels_last: bool | None = None,
    data: str = "data",
    label: str = "label",
    unlabeled: int | None = None,
    root: str = "",
) -> Splits:
    """Your own images and labels from NumPy files: one `.npz`, several `.npy`, or a folder of `.npy` files.

    Source: no paper. The array is (samples, channels, height, width), or (samples, height, width) of one channel, or
    with `channels_last` (samples, height, width, channels); it holds bytes, or floats from 0 to 1. For names, splits,
    samples without labels, paths and large files see `vector_arrays`.
    """
    sizes = {"channels": channels, "height": height, "width": width, "classes": classes}
    layout = partial(channels_first, channels_last=channels_last, channels=channels)
    return array_splits(image_arrays, "image", layout, as_images, path, data, label, unlabeled, root, **sizes)

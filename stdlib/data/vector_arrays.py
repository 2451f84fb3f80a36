"""Vectors from a file of NumPy arrays."""

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ssldsl.ops import File, PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.places import BrokenData, find_given
from ssldsl.ops.samples import MemorySamples, SplitsOnUse


def read_array(path: Path, name: str) -> Tensor:
    """One array, of an `.npz` file or of a folder of `.npy` files. Nothing pickled is read."""
    file = path / f"{name}.npy" if path.is_dir() else path
    try:
        content = np.load(_archive(file), allow_pickle=False)
        if isinstance(content, np.ndarray):
            return torch.from_numpy(content)
        with content:
            if name not in content:
                raise BrokenData(f"there is no array `{name}`, only {sorted(content)}", str(file))
            return torch.from_numpy(content[name])
    except FileNotFoundError as error:
        raise BrokenData("there is no such file", str(file)) from error
    except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
        if "pickle" in str(error) or "Object arrays" in str(error):
            reason = f"`{name}` holds Python objects (pickles), which are never read: save an array of numbers"
            raise BrokenData(reason, str(file)) from error
        raise BrokenData(f"the arrays cannot be read: {error}", str(file)) from error


def _archive(file: Path) -> Path:
    """The file, if it begins as one that NumPy saved: of any other NumPy would say that it is a pickle."""
    with file.open("rb") as stream:
        start = stream.read(6)
    if not start:
        raise BrokenData("the file is empty", str(file))
    if not start.startswith((b"PK", b"\x93NUMPY")):
        raise BrokenData("this is no file of NumPy arrays (`.npz` or `.npy`)", str(file))
    return file


def read_labels(path: Path, name: str) -> Tensor | None:
    """Whole numbers; nothing where no array is named."""
    if not name:
        return None
    labels = read_array(path, name)
    if labels.ndim != 1 or labels.dtype.is_floating_point or labels.dtype.is_complex or labels.dtype == torch.bool:
        raise BrokenData(f"`{name}` is {labels.dtype} of {labels.ndim} dimensions; labels are whole numbers", str(path))
    return labels.long()


def array_splits(
    source: Callable[..., Splits],
    field: str,
    convert: Callable[[Tensor, str], Tensor],
    path: str,
    data: str,
    label: str,
    root: str,
    **sizes: int | None,
) -> Splits:
    """A split `train` of the named arrays and a split `test` of those with `test_` before their names."""
    place = find_given(source.__name__, path, root)
    if place.suffix == ".npy":
        place, data = place.parent, place.stem

    def read(prefix: str) -> MemorySamples:
        values = convert(read_array(place, prefix + data), f"{place}: `{prefix}{data}`")
        if not len(values):
            raise BrokenData(f"`{prefix}{data}` holds no samples", str(place))
        labels = read_labels(place, prefix + label if label else "")
        return MemorySamples.of(str(place), **{field: values, "label": labels})

    readers = {"train": partial(read, ""), "test": partial(read, "test_")}
    return SplitsOnUse(source.__name__, traits_of(source), readers, **sizes)


def as_vectors(array: Tensor, place: str) -> Tensor:
    """Rows of finite numbers, as float32."""
    if array.ndim != 2 or array.dtype.is_complex:
        raise BrokenData(f"vectors are rows of numbers, and this is {array.dtype} of {array.ndim} dimensions", place)
    vectors = array.float()
    if not vectors.isfinite().all():
        raise BrokenData("some of the numbers are infinite or not a number", place)
    return vectors


@op(splits={"train": "N_train", "test": "N_test"}, fields={"vector": "dim"}, classes="classes")
def vector_arrays(
    *,
    path: File,
    dim: PositiveInt | None = None,
    classes: PositiveInt | None = None,
    data: str = "data",
    label: str = "label",
    root: str = "",
) -> Splits:
    """Your own vectors and labels from NumPy files: one `.npz`, several `.npy`, or a folder of `.npy` files.

    Source: no paper. `data` and `label` name the arrays of the split `train`; those of `test` have `test_` before these
    names. An `.npy` file is that of `data`; the others lie beside it. An empty `label` says that there are none. With
    `dim` and `classes` a spec is checked in full before the file is read. `path` is absolute, or starts at the folder
    of the spec, at the current one, or at `root`.
    """
    return array_splits(vector_arrays, "vector", as_vectors, path, data, label, root, dim=dim, classes=classes)

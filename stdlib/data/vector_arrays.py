"""Vectors from a file of NumPy arrays."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch
from attrs import evolve
from torch import Tensor

from ssldsl.ops import File, PositiveInt, op
from ssldsl.ops.array_files import has_array, is_mapped, read_array
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find_given
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.mapped import MappedSamples
from ssldsl.ops.samples import MemorySamples, SplitsOnUse

ArraySamples = MemorySamples | MappedSamples
# an array, and its place for messages -> its rows as samples, whatever their numbers, and what a person should know
Layout = Callable[[Tensor, str], tuple[Tensor, tuple[str, ...]]]
# some of these rows, and their place -> numbers of the kind that is wanted, or `BrokenData`
Convert = Callable[[Tensor, str], Tensor]


def read_labels(path: Path, name: str) -> Tensor:
    """Whole numbers, one a sample."""
    labels = read_array(path, name)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.is_floating_point or labels.dtype.is_complex or labels.dtype == torch.bool:
        raise BrokenData(f"`{name}` is {labels.dtype} of {labels.ndim} dimensions; labels are whole numbers", str(path))
    return labels.long()


def read_samples(field: str, layout: Layout, convert: Convert, place: Path, data: str, label: str) -> ArraySamples:
    """The samples of two arrays, one of them without a name where there are no labels."""
    where = f"{place}: `{data}`"
    values, notes = layout(read_array(place, data), where)
    labels = read_labels(place, label) if label else None
    if not len(values):
        raise BrokenData(f"`{data}` holds no samples", str(place))
    if labels is not None and len(labels) != len(values):
        lengths = {data: len(values), label: len(labels)}
        raise BrokenData(f"the arrays have different lengths: {lengths}", str(place))
    if place.is_dir() and is_mapped(place / f"{data}.npy"):
        return MappedSamples(
            {field: values}, lambda rows: convert(rows, where), torch.arange(len(values)), labels, str(place), notes
        )
    return evolve(MemorySamples.of(str(place), **{field: convert(values, where), "label": labels}), notes=notes)


def parted(samples: ArraySamples, label: str, unlabeled: int | None, *, keep_labeled: bool) -> ArraySamples:
    """The samples that have a label, or those that have none."""
    if samples.labels is None:
        return samples
    if unlabeled is None:
        low, high = int(samples.labels.min()), int(samples.labels.max())
        if low < 0:
            lines = [f"`{label}` has labels {low} to {high}, and classes are numbered from 0"]
            lines += [
                f"where {low} is said of samples without a label: `unlabeled={low}`, and they are the split `unlabeled`"
            ]
            raise BrokenData("\n".join(lines), samples.origin)
        return samples
    rows = ((samples.labels == unlabeled) != keep_labeled).nonzero().squeeze(1)
    if not len(rows):
        kind = "has a label" if keep_labeled else f"has the label {unlabeled}, which says that it has none"
        raise BrokenData(f"no sample of `{label}` {kind}", samples.origin)
    return samples.take(rows)


def array_splits(
    source: Callable[..., Splits],
    field: str,
    layout: Layout,
    convert: Convert,
    path: str,
    data: str,
    label: str,
    unlabeled: int | None,
    root: str,
    **sizes: int | None,
) -> Splits:
    """The splits of some arrays: `train`, `test` with `test_` before the names, and the samples without labels."""
    place = find_given(source.__name__, path, root)
    if place.suffix == ".npy":
        place, data = place.parent, place.stem

    @cache
    def whole(prefix: str) -> ArraySamples:
        return read_samples(field, layout, convert, place, prefix + data, prefix + label if label else "")

    def read(prefix: str) -> ArraySamples:
        return parted(whole(prefix), prefix + label, unlabeled, keep_labeled=True)

    def without_labels() -> ArraySamples:
        if has_array(place, f"unlabeled_{data}"):
            return read_samples(field, layout, convert, place, f"unlabeled_{data}", "")
        if unlabeled is None:
            lines = ["nothing says which samples have no label"]
            lines += [f"say it by a number, `unlabeled=-1`, or save them as an array `unlabeled_{data}`"]
            raise BrokenData("\n".join(lines), str(place))
        return parted(whole(""), label, unlabeled, keep_labeled=False).without("label")

    readers: dict[str, Callable[[], ArraySamples]] = {
        "train": partial(read, ""),
        "test": partial(read, "test_"),
        "unlabeled": without_labels,
    }
    return SplitsOnUse(source.__name__, traits_of(source), readers, **sizes)


def rows_of_numbers(array: Tensor, place: str) -> tuple[Tensor, tuple[str, ...]]:
    if array.ndim != 2 or array.dtype.is_complex:
        raise BrokenData(f"vectors are rows of numbers, and this is {array.dtype} of {array.ndim} dimensions", place)
    return array, ()


def as_vectors(rows: Tensor, place: str) -> Tensor:
    """Rows of finite numbers, as float32."""
    vectors = rows.float()
    if not vectors.isfinite().all():
        raise BrokenData("some of the numbers are infinite or not a number", place)
    return vectors


@op(
    splits={"train": "N_train", "test": "N_test", "unlabeled": "N_unlabeled"},
    fields={"vector": "dim"},
    classes="classes",
)
def vector_arrays(
    *,
    path: File,
    dim: PositiveInt | None = None,
    classes: PositiveInt | None = None,
    data: str = "data",
    label: str = "label",
    unlabeled: int | None = None,
    root: str = "",
) -> Splits:
    """Your own vectors and labels from NumPy files: one `.npz`, several `.npy`, or a folder of `.npy` files.

    Source: no paper. `data` and `label` name the arrays of the split `train`; those of `test` are called the same with
    `test_` before it. An empty `label` says that there are none. The split `unlabeled` has no labels: it is the array
    with `unlabeled_` before its name, or else the samples whose label is the number `unlabeled`, such as -1, which are
    then in no other split. With `dim` and `classes` a spec is checked in full before the file is read. `path` is a
    whole one, or starts at the folder of the spec, at the current one, or at `root`. The rows of an `.npy` file of more
    than 1 GB are read when they are wanted.
    """
    sizes = {"dim": dim, "classes": classes}
    return array_splits(
        vector_arrays, "vector", rows_of_numbers, as_vectors, path, data, label, unlabeled, root, **sizes
    )

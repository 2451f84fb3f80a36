"""A data set that Hugging Face `datasets` has saved on the disk."""

import importlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ssldsl.errors import did_you_mean
from ssldsl.ops import File, op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find_given
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import SplitsOnUse
from ssldsl.ops.saved_rows import SavedRows

NAMES = {"train": ("train",), "val": ("validation", "val", "valid"), "test": ("test",), "unlabeled": ("unlabeled",)}


@cache
def opened(place: Path) -> Mapping[str, Any]:
    """The tables of a folder by the names of their splits; a single one is `train`."""
    try:
        datasets = importlib.import_module("datasets")
    except ImportError as error:
        raise BrokenData('it needs the package `datasets`: `pip install "ssldsl[datasets]"`', str(place)) from error
    try:
        found = datasets.load_from_disk(str(place))
    except (OSError, ValueError, KeyError) as error:
        reason = "this is no folder that `save_to_disk` of Hugging Face `datasets` has written"
        raise BrokenData(f"{reason}: {error}", str(place)) from error
    return dict(found) if isinstance(found, datasets.DatasetDict) else {"train": found}


def table_of(place: Path, split: str) -> Any:
    """The table of a split, under any of its usual names."""
    tables = opened(place)
    name = next((name for name in NAMES[split] if name in tables), None)
    if name is None:
        raise BrokenData(f"there is no split `{split}`, only {', '.join(tables)}", str(place))
    return tables[name]


def class_names(place: Path, label: str) -> tuple[str, ...]:
    """What the classes are called: as the column says; else the texts in the training rows, by the alphabet."""
    table = opened(place).get("train", next(iter(opened(place).values())))
    feature = column(table, label, place)
    if hasattr(feature, "names"):
        return tuple(feature.names)
    values = table.unique(label)
    return tuple(sorted(str(v) for v in values)) if any(isinstance(v, str) for v in values) else ()


def column(table: Any, name: str, place: Path) -> Any:
    """What a column holds. `BrokenData` where there is none."""
    if name not in table.features:
        there = f"the columns are {', '.join(table.features)}"
        lines = [f"there is no column `{name}`", there, did_you_mean(name, list(table.features))]
        raise BrokenData("\n".join(line for line in lines if line), str(place))
    return table.features[name]


def read_labels(table: Any, name: str, names: tuple[str, ...], place: Path) -> Tensor:
    """The number of every row's class."""
    column(table, name, place)
    values = table[name][:]
    if any(isinstance(value, str) for value in values):
        numbers = {text: number for number, text in enumerate(names)}
        strange = next((value for value in values if value not in numbers), None)
        if strange is not None:
            raise BrokenData(f"the label `{strange}` is of no training row", str(place))
        return torch.tensor([numbers[value] for value in values])
    if not all(isinstance(value, int) for value in values):
        raise BrokenData(f"`{name}` holds no whole numbers and no texts: one label a sample is wanted", str(place))
    return torch.tensor(values)


def read_split(place: Path, split: str, image: str, label: str) -> SavedRows:
    """The samples of a split."""
    table, with_labels = table_of(place, split), bool(label) and split != "unlabeled"
    kind = type(column(table, image, place)).__name__
    if kind != "Image":
        raise BrokenData(f"the column `{image}` holds {kind} and no images", str(place))
    names = class_names(place, label) if with_labels else ()
    labels = read_labels(table, label, names, place) if with_labels else None
    encoded = table.cast_column(image, type(table.features[image])(decode=False))
    numbers = torch.arange(len(table))
    return SavedRows(encoded, image, numbers, numbers, str(place), table._fingerprint, labels, names)


def count(place: Path, label: str) -> int:
    """How many classes there are."""
    names = class_names(place, label)
    labels = () if names else read_labels(table_of(place, "train"), label, (), place)
    return len(names) or int(max(labels)) + 1


@op(
    splits={"train": "N_train", "val": "N_val", "test": "N_test", "unlabeled": "N_unlabeled"},
    fields={"image": "3 height width"},
    classes="K",
)
def saved_dataset(*, path: File, image: str = "image", label: str = "label", root: str = "") -> Splits:
    """Images of a data set that Hugging Face `datasets` has saved: `load_dataset(...).save_to_disk("folder")`.

    Source: no paper. `image` and `label` name the columns; an empty `label` says that there are no labels. The table is
    mapped from the disk (Arrow), so it may be larger than memory; rows are decoded one by one, as RGB. Any row can be
    asked for, so runs are resumed exactly, with any number of processes. `validation` is the split `val`; a single
    table is `train`. Nothing is downloaded. Names of classes are those of the column.
    """
    place = find_given("saved_dataset", path, root)
    readers: dict[str, Callable[[], SavedRows]] = {
        split: partial(read_split, place, split, image, label) for split in NAMES
    }
    listed = partial(count, place, label) if label else None
    return SplitsOnUse(saved_dataset.__name__, traits_of(saved_dataset), readers, listed)

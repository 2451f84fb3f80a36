"""Images and their labels from a table: a CSV file, or Parquet."""

import csv
import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import torch
from attrs import frozen

from ssldsl.errors import did_you_mean
from ssldsl.ops import File, op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find_given
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import FileSamples, SplitsOnUse

# what a column may call a split, in any case of its letters
SPLITS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
    "unlabeled": ("unlabeled", "unlabelled"),
}
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")  # `2`, or `2.0` of a table with holes
NONE = ("", "nan", "none", "null", "na", "n/a")  # of a label that is not there


@frozen
class Row:
    """One image: its file as the table names it, its label (empty if it has none), its split, its line."""

    image: str
    label: str
    split: str
    line: int


@cache
def read_table(file: Path, image: str, label: str, split: str) -> tuple[Row, ...]:
    """The rows of a table, in order."""
    header, lines = _parquet(file) if file.suffix.lower() == ".parquet" else _csv(file)
    wanted = [image, label, *([split] if split else [])]
    for name in wanted:
        if name not in header:
            there = f"its columns are {', '.join(header)}"
            raise BrokenData("\n".join([f"there is no column `{name}`", there, did_you_mean(name, header)]), str(file))
    at = [header.index(name) for name in wanted]
    rows = []
    for number, values in lines:
        if len(values) < len(header):
            said = f"line {number} has {len(values)} values, and the first line names {len(header)} columns"
            raise BrokenData(said, str(file))
        found, given, *part = (values[place].strip() for place in at)
        if not found:
            raise BrokenData(f"line {number} names no image in the column `{image}`", str(file))
        rows.append(Row(found, "" if given.lower() in NONE else given, part[0] if part else "", number))
    if not rows:
        raise BrokenData("the table has no rows", str(file))
    return tuple(rows)


def _csv(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The columns, and the values of every line with its number."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenData(f"the table cannot be read: {error}", str(file)) from error
    first = text.split("\n", 1)[0]
    delimiter = max("\t;,", key=first.count)
    try:
        reader = csv.reader(text.splitlines(), delimiter=delimiter, strict=True)
        found = [(reader.line_num, values) for values in reader if any(value.strip() for value in values)]
    except csv.Error as error:
        raise BrokenData(f"this is no table: {error}", str(file)) from error
    if not found:
        raise BrokenData("the table is empty: its first line names the columns", str(file))
    return [name.strip() for name in found[0][1]], found[1:]


def _parquet(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise BrokenData('Parquet needs the package `pyarrow`: `pip install "ssldsl[tables]"`', str(file)) from error
    try:
        columns = parquet.read_table(str(file)).to_pydict()
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these
        raise BrokenData(f"the table cannot be read: {error}", str(file)) from error
    texts = [["" if value is None else str(value) for value in values] for values in columns.values()]
    return list(columns), [(number, list(row)) for number, row in enumerate(zip(*texts, strict=True), start=1)]


def split_of(row: Row, file: Path) -> str:
    """The split that a row belongs to: `unlabeled` where it has no label; without a column all are one."""
    if not row.label:
        return "unlabeled"
    found = next((name for name, known in SPLITS.items() if row.split.lower() in known), "")
    if row.split and not found:
        known = "train, val, test, unlabeled"
        raise BrokenData(f"line {row.line} is of the split `{row.split}`, and splits are {known}", str(file))
    return found or "train"


def classes_of(rows: Sequence[Row], file: Path) -> list[str]:
    """The names of the classes of what is trained on, by number if all are numbers, else by the alphabet."""
    names = {row.label for row in rows if row.label and split_of(row, file) == "train"}
    names = names or {row.label for row in rows if row.label}
    return sorted(names, key=float) if all(NUMBER.fullmatch(name) for name in names) else sorted(names)


def read_rows(load: Callable[[], tuple[Row, ...]], file: Path, images: Path, split: str) -> FileSamples:
    """The samples of a split; `all` has every row with a label."""
    everything = load()
    classes = classes_of(everything, file)
    rows = [row for row in everything if row.label] if split == "all" else everything
    rows = [row for row in rows if split in ("all", split_of(row, file))]
    if not rows:
        there = sorted({split_of(row, file) for row in everything})
        raise BrokenData(f"no row is of the split `{split}`\nthere are: {', '.join(there)}", str(file))
    for row in rows:
        if split != "unlabeled" and row.label not in classes:
            said = f"line {row.line} has the label `{row.label}`, which no training image has"
            raise BrokenData("\n".join([said, did_you_mean(row.label, classes)]), str(file))
        if not (images / row.image).is_file():
            raise BrokenData(f"line {row.line} names the image `{row.image}`, and {images} has no such file", str(file))
    labels = None if split == "unlabeled" else torch.tensor([classes.index(row.label) for row in rows])
    names = tuple(row.image for row in rows)
    return FileSamples(images, names, torch.arange(len(rows)), labels, (), tuple(classes))


@op(
    splits={"train": "N_train", "val": "N_val", "test": "N_test", "all": "N_all", "unlabeled": "N_unlabeled"},
    fields={"image": "3 height width"},
    classes="K",
)
def image_table(
    *, path: File, image: str = "path", label: str = "label", split: str = "", images: str = "", root: str = ""
) -> Splits:
    """Your own image files with the labels of a table, read as RGB: `image_table("labels.csv", label="species")`.

    Source: the layout of most data that are labeled by hand. `path` is a CSV file whose first line names the columns
    (separated by commas, semicolons or tabs), or Parquet where `pyarrow` is installed. `image`, `label`, `split`: the
    columns with the file, its class and its split (train, val, test). Files start at `images`, without it at the folder
    of the table. Without `split` all labeled rows are `train`, and `all`. Rows without a label are `unlabeled`.
    Classes are those of the training rows, in the order of numbers or of the alphabet.
    """
    file = find_given("image_table", path, root)
    if not file.is_file():
        raise BrokenData("this is a folder, and a table is wanted", str(file))
    folder = find_given("image_table", images, root) if images else file.parent
    load = partial(read_table, file, image, label, split)
    names = ("train", "val", "test", "all", "unlabeled")
    readers: Mapping[str, Callable[[], FileSamples]] = {
        name: partial(read_rows, load, file, folder, name) for name in names
    }
    return SplitsOnUse(image_table.__name__, traits_of(image_table), readers, lambda: len(classes_of(load(), file)))

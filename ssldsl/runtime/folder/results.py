"""What evaluations gave, in a run folder: what is too long for a line of the records, in files of its own.

`arrays/<stage>-<name>.csv` has a line for every number that is not 0, with its place: `row,column,value`. It holds what
the last evaluation gave, and a line of the records has `{"file": ..., "shape": ...}` in its place.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ssldsl.runtime.folder.checkpoint import write_whole
from ssldsl.runtime.folder.run_folder import ARRAYS

AXES = ("row", "column", "depth")
Cells = dict[tuple[int, ...], float]  # numbers that are not 0, by their place


def array_file(stage: str, name: str) -> str:
    """The path of the file of an array in the run folder."""
    return f"{ARRAYS}/{stage}-{name}.csv"


def write_arrays(folder: Path, stage: str, arrays: Mapping[str, Tensor]) -> None:
    """Write the numbers of every array that are not 0."""
    for name, array in arrays.items():
        path = folder / array_file(stage, name)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, _table(array).encode())


def _table(array: Tensor) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*_axes(array.ndim), "value"])
    places = array.nonzero()
    for place, value in zip(places.tolist(), array[tuple(places.T)].tolist(), strict=True):
        writer.writerow([*place, f"{value:.9g}"])
    return buffer.getvalue()


def _axes(dims: int) -> Iterator[str]:
    yield from AXES[:dims] if dims <= len(AXES) else (f"axis{number}" for number in range(dims))


def read_cells(folder: Path, value: Any) -> Cells:
    """The numbers of an array that are not 0, whether they stand in a line of the records or in a file of their own."""
    if isinstance(value, list):
        return dict(_listed(value))
    try:
        with (folder / str(value["file"])).open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows, None)
            return {tuple(map(int, row[:-1])): float(row[-1]) for row in rows}
    except (OSError, ValueError):  # gone, or cut off
        return {}


def _listed(value: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], float]]:
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from _listed(part, (*place, number))
    elif value:  # neither 0 nor what was not a number
        yield place, float(value)


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a recorded array; empty for a number."""
    if isinstance(value, dict):
        return tuple(value.get("shape", ()))
    return (len(value), *(shape_of(value[0]) if value else ())) if isinstance(value, list) else ()

"""Pictures that a stage ends with: points in the plane, in the run folder as `pictures/<stage>-<eval>.csv`."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ssldsl.runtime.folder.checkpoint import write_whole
from ssldsl.runtime.folder.run_folder import PICTURES, picture_name

HEADS = ("x", "y", "class", "mark")


def write_pictures(folder: Path, stage: str, pictures: Mapping[str, Tensor]) -> None:
    """Write the points of every picture of a stage, by the name of its evaluation."""
    for name, points in pictures.items():
        (folder / PICTURES).mkdir(exist_ok=True)
        write_whole(folder / PICTURES / picture_name(stage, name), _table(points).encode())


def _table(points: Tensor) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADS)
    for x, y, number, is_mark in points.tolist():
        writer.writerow([f"{x:.6g}", f"{y:.6g}", int(number), int(is_mark)])
    return buffer.getvalue()

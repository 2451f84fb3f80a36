"""Pictures that a stage ends with: points in the plane, in the run folder as `pictures/<stage>-<eval>.csv`."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ssldsl.graph.plan import EvaluationPlan, StagePlan
from ssldsl.graph.plan_types import is_of_kind
from ssldsl.runtime.folder.checkpoint import write_whole
from ssldsl.runtime.folder.run_folder import PICTURES

HEADS = ("x", "y", "class", "mark")


def is_picture(evaluation: EvaluationPlan, stage: StagePlan) -> bool:
    """Whether an evaluation gives points to be looked at, once at the end of the stage, and no number."""
    return any(node.id == evaluation.node and is_of_kind(node.type, "Points") for node in stage.nodes)


def write_pictures(folder: Path, stage: str, pictures: Mapping[str, Tensor]) -> None:
    """Write the points of every picture of a stage, by the name of its evaluation."""
    for name, points in pictures.items():
        (folder / PICTURES).mkdir(exist_ok=True)
        write_whole(folder / PICTURES / picture_name(stage, name), _table(points).encode())


def picture_name(stage: str, evaluation: str) -> str:
    """The name of the file of a picture."""
    return f"{stage}-{evaluation}.csv"


def _table(points: Tensor) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADS)
    for x, y, number, is_mark in points.tolist():
        writer.writerow([f"{x:.6g}", f"{y:.6g}", int(number), int(is_mark)])
    return buffer.getvalue()

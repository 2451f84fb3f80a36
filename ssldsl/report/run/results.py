"""What the metrics of a stage gave at last: numbers, matrices as pictures, and other arrays in words."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from markupsafe import Markup

from ssldsl.graph.plan import StagePlan
from ssldsl.graph.results import result_names
from ssldsl.report.run.confusion import MOST_CLASSES, Confused, heat_map, most_confused
from ssldsl.report.svg.series import told
from ssldsl.runtime.folder.class_names import class_names
from ssldsl.runtime.folder.results import Cells, read_cells, shape_of
from ssldsl.runtime.folder.run_folder import METRICS

MOST_SHOWN = 12  # numbers of an array that are written out

Results = Mapping[str, Any]


@frozen
class Heat:
    """A matrix among the metrics. `drawing` is missing where there are too many classes to see; `file` has them.

    names: what the classes are called, by number.
    """

    name: str
    is_confusion: bool
    classes: int
    names: tuple[str, ...]
    drawing: Markup | None
    confused: tuple[Confused, ...]
    file: str


def number_texts(metrics: Results) -> Iterator[tuple[str, str]]:
    """The metrics that are numbers; a dash for one that should be and is none."""
    for name, value in metrics.items():
        if value is None or isinstance(value, int | float):
            yield name, "–" if value is None else told(value)


def heats(folder: Path, stage: StagePlan, metrics: Results) -> Iterator[Heat]:
    """The square matrices."""
    evaluations = result_names(stage)
    for name, value in metrics.items():
        if not _is_square(value):
            continue
        cells, (size, _) = read_cells(folder, value), shape_of(value)
        is_confusion = name in evaluations and evaluations[name].picture == "confusion"
        names = class_names(folder, stage, evaluations[name].node) if is_confusion else ()
        names = names if len(names) == size else tuple(map(str, range(size)))
        drawing = heat_map(_dense(cells, size), names) if size <= MOST_CLASSES else None
        file = value.get("file", "nothing") if isinstance(value, dict) else METRICS
        confused = tuple(most_confused(cells)) if is_confusion else ()
        yield Heat(name, is_confusion, size, names, drawing, confused, file)


def array_texts(folder: Path, stage: StagePlan, metrics: Results) -> Iterator[tuple[str, str]]:
    """The other arrays: all numbers of a short one, with the names of its classes; what lies where of a long one."""
    evaluations = result_names(stage)
    for name, value in metrics.items():
        if isinstance(value, list | dict) and not _is_square(value):
            names = class_names(folder, stage, evaluations[name].node) if name in evaluations else ()
            yield name, _in_words(folder, value, names)


def _is_square(value: Any) -> bool:
    shape = shape_of(value)
    return len(shape) == 2 and shape[0] == shape[1] > 0


def _dense(cells: Cells, size: int) -> list[list[float]]:
    rows = [[0.0] * size for _ in range(size)]
    for (row, column), value in cells.items():
        rows[row][column] = value
    return rows


def _in_words(folder: Path, value: Any, names: tuple[str, ...]) -> str:
    shape = shape_of(value)
    if isinstance(value, list) and len(shape) == 1 and len(value) <= MOST_SHOWN:
        texts = ["–" if number is None else f"{number:.6g}" for number in value]
        named = zip(names, texts, strict=True) if len(names) == len(texts) else (("", text) for text in texts)
        return ", ".join(f"{name} {text}".strip() for name, text in named)
    numbers = list(read_cells(folder, value).values())
    size = " × ".join(str(length) for length in shape)
    where = f", in {value['file']}" if isinstance(value, dict) and "file" in value else ""
    if not numbers:
        return f"{size} numbers{where}"
    return f"{size} numbers, {len(numbers)} of them other than 0, from {min(numbers):.6g} to {max(numbers):.6g}{where}"

"""The picture of a latent space: points in the plane in the colors of their classes, prototypes marked."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from attrs import frozen
from markupsafe import Markup

from ssldsl.report.svg.axes import n, sheet
from ssldsl.report.svg.series import whole

SIDE, EDGE, CROSS = 640, 14, 5
COLORS = 20  # that the page has, as classes p0 to p19


@frozen
class Point:
    """A place. `number`: its class, -1 for none. `is_mark`: a prototype and no sample."""

    x: float
    y: float
    number: int
    is_mark: bool


@frozen
class Latent:
    """A picture: what it shows in words, the classes in it with their colors, and the drawing."""

    name: str
    note: str
    classes: tuple[tuple[int, str], ...]
    drawing: Markup


def read_latent(name: str, path: Path) -> Latent | None:
    """The picture whose points a file holds; nothing if there is no such file or it is damaged."""
    points = read_points(path)
    colors = colors_of(points)
    return Latent(name, _note(points), tuple(colors.items()), latent(points, colors)) if points else None


def read_points(path: Path) -> list[Point]:
    """The points that a file holds; none if there is no such file or it is damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(float(r["x"]), float(r["y"]), int(r["class"]), r["mark"] == "1") for r in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [Point(*row) for row in rows]


def colors_of(points: Sequence[Point]) -> dict[int, str]:
    """The color of every class among some points."""
    numbers = sorted({point.number for point in points if point.number >= 0})
    return {number: f"p{i % COLORS}" for i, number in enumerate(numbers)}


def _note(points: Sequence[Point]) -> str:
    samples, marks = (sum(p.is_mark is kind for p in points) for kind in (False, True))
    classes = len({p.number for p in points if p.number >= 0})
    crosses = f", {whole(marks)} prototypes as crosses" if marks else ""
    return f"{whole(samples)} samples of {classes} classes{crosses}; near is alike, far distances mean nothing"


def latent(points: Sequence[Point], colors: dict[int, str]) -> Markup:
    """The drawing: one path for every class, since a mark for every sample would be slow to show."""
    here = placed(points)
    samples = sorted((p for p in here if not p.is_mark), key=lambda p: p.number)
    parts = [
        sheet(SIDE, SIDE, "latent space", kind="latent"),
        *(_class(number, list(own), colors) for number, own in groupby(samples, key=lambda p: p.number)),
        *crosses([p for p in here if p.is_mark], colors),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # numbers and our own words


def placed(points: Sequence[Point]) -> list[Point]:
    """The points on the sheet, both directions in one scale."""
    low = min(p.x for p in points), min(p.y for p in points)
    high = max(p.x for p in points), max(p.y for p in points)
    size = max(high[0] - low[0], high[1] - low[1]) or 1.0
    scale = (SIDE - 2 * EDGE) / size
    left, top = (SIDE - scale * (high[0] - low[0])) / 2, (SIDE - scale * (high[1] - low[1])) / 2
    return [Point(left + scale * (p.x - low[0]), top + scale * (high[1] - p.y), p.number, p.is_mark) for p in points]


def _class(number: int, points: Iterable[Point], colors: dict[int, str]) -> str:
    marks = "".join(f"M{n(p.x)} {n(p.y)}h0" for p in points)
    return f'<path d="{marks}" class="points {colors.get(number, "")}"><title>class {number}</title></path>'


def crosses(marks: Sequence[Point], colors: dict[int, str], what: str = "prototype") -> Iterator[str]:
    """The marks, class by class. `what` they are, in words."""
    for number, own in groupby(sorted(marks, key=lambda p: p.number), key=lambda p: p.number):
        yield _crosses(number, list(own), colors, what)


def _crosses(number: int, points: Iterable[Point], colors: dict[int, str], what: str) -> str:
    """Crosses with a rim, so that they stand out of their own class."""
    arms = f"m-{CROSS} -{CROSS}l{2 * CROSS} {2 * CROSS}m0 -{2 * CROSS}l-{2 * CROSS} {2 * CROSS}"
    marks = "".join(f"M{n(p.x)} {n(p.y)}{arms}" for p in points)
    title = f"<title>{what}{f' of class {number}' if number >= 0 else ''}</title>"
    kind = colors.get(number, "ink")
    return f'<path d="{marks}" class="rim"/><path d="{marks}" class="proto {kind}">{title}</path>'

"""The picture of a latent space: points in the plane in the colors of their classes, prototypes marked."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

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
    """A picture: what it shows in words, the classes in it, by what they are called, with their colors, the drawing."""

    name: str
    note: str
    classes: tuple[tuple[str, str], ...]
    drawing: Markup


@frozen
class Legend:
    """The classes of a picture: the color of each by its number, and what they are called, if they have names."""

    colors: Mapping[int, str]
    names: Sequence[str] = ()

    @staticmethod
    def of(points: Sequence[Point], names: Sequence[str]) -> "Legend":
        """The legend of some points."""
        numbers = sorted({point.number for point in points if point.number >= 0})
        return Legend({number: f"p{i % COLORS}" for i, number in enumerate(numbers)}, names)

    def name(self, number: int) -> str:
        """`cat`, or `class 3`."""
        return self.names[number] if 0 <= number < len(self.names) else f"class {number}"

    @property
    def entries(self) -> tuple[tuple[str, str], ...]:
        """What every class is called, and its color."""
        return tuple((self.name(number), color) for number, color in self.colors.items())

    def title(self, number: int) -> str:
        """What a pointer tells of the points of a class."""
        return f"<title>{escape(self.name(number))}</title>"


def read_latent(name: str, path: Path, names: Sequence[str] = ()) -> Latent | None:
    """The picture whose points a file holds; nothing if there is no such file or it is damaged. names: of classes."""
    points = read_points(path)
    legend = Legend.of(points, names)
    return Latent(name, _note(points), legend.entries, latent(points, legend)) if points else None


def read_points(path: Path) -> list[Point]:
    """The points that a file holds; none if there is no such file or it is damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(float(r["x"]), float(r["y"]), int(r["class"]), r["mark"] == "1") for r in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [Point(*row) for row in rows]


def _note(points: Sequence[Point]) -> str:
    samples, marks = (sum(p.is_mark is kind for p in points) for kind in (False, True))
    classes = len({p.number for p in points if p.number >= 0})
    crosses = f", {whole(marks)} prototypes as crosses" if marks else ""
    return f"{whole(samples)} samples of {classes} classes{crosses}; near is alike, far distances mean nothing"


def latent(points: Sequence[Point], legend: Legend) -> Markup:
    """The drawing: one path for every class, since a mark for every sample would be slow to show."""
    here = placed(points)
    samples = sorted((p for p in here if not p.is_mark), key=lambda p: p.number)
    parts = [
        sheet(SIDE, SIDE, "latent space", kind="latent"),
        *(_class(number, list(own), legend) for number, own in groupby(samples, key=lambda p: p.number)),
        *crosses([p for p in here if p.is_mark], legend),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # every name in it is escaped where it is written


def placed(points: Sequence[Point]) -> list[Point]:
    """The points on the sheet, both directions in one scale."""
    low = min(p.x for p in points), min(p.y for p in points)
    high = max(p.x for p in points), max(p.y for p in points)
    size = max(high[0] - low[0], high[1] - low[1]) or 1.0
    scale = (SIDE - 2 * EDGE) / size
    left, top = (SIDE - scale * (high[0] - low[0])) / 2, (SIDE - scale * (high[1] - low[1])) / 2
    return [Point(left + scale * (p.x - low[0]), top + scale * (high[1] - p.y), p.number, p.is_mark) for p in points]


def _class(number: int, points: Iterable[Point], legend: Legend) -> str:
    marks = "".join(f"M{n(p.x)} {n(p.y)}h0" for p in points)
    return f'<path d="{marks}" class="points {legend.colors.get(number, "")}">{legend.title(number)}</path>'


def crosses(marks: Sequence[Point], legend: Legend, what: str = "prototype") -> Iterator[str]:
    """The marks, class by class. `what` they are, in words."""
    for number, own in groupby(sorted(marks, key=lambda p: p.number), key=lambda p: p.number):
        yield _crosses(number, list(own), legend, what)


def _crosses(number: int, points: Iterable[Point], legend: Legend, what: str) -> str:
    """Crosses with a rim, so that they stand out of their own class."""
    arms = f"m-{CROSS} -{CROSS}l{2 * CROSS} {2 * CROSS}m0 -{2 * CROSS}l-{2 * CROSS} {2 * CROSS}"
    marks = "".join(f"M{n(p.x)} {n(p.y)}{arms}" for p in points)
    title = f"<title>{what}{f' of {escape(legend.name(number))}' if number >= 0 else ''}</title>"
    kind = legend.colors.get(number, "ink")
    return f'<path d="{marks}" class="rim"/><path d="{marks}" class="proto {kind}">{title}</path>'

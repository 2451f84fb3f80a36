"""A confusion matrix as a heat map, and in words: how often each class is right, what is taken for what."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from math import sqrt

from attrs import frozen
from markupsafe import Markup

from ssldsl.drawing.metrics import text_width
from ssldsl.report.svg.axes import SIZES, sheet, text

Matrix = Sequence[Sequence[float]]
CELL, MARGIN = 34.0, 40.0
MOST_NUMBERS = 20  # classes up to which every cell says its number
MOST_CLASSES = 200  # up to which there is a picture
MOST_WIDE = 110.0  # pixels of a name
LEVELS = 12


@frozen
class Confused:
    """Samples of one class that were taken for another. `share`: of all samples of the class."""

    true: int
    taken: int
    count: float
    share: float


def right_shares(matrix: Matrix) -> list[float | None]:
    """Share of every class that is recognized; nothing for a class without samples."""
    return [row[i] / sum(row) if sum(row) > 0 else None for i, row in enumerate(matrix)]


def most_confused(cells: Mapping[tuple[int, ...], float], most: int = 8) -> list[Confused]:
    """The pairs of classes that are confused most often, the most frequent first. cells: by (true class, taken for)."""
    totals: defaultdict[int, float] = defaultdict(float)
    for (true, _), count in cells.items():
        totals[true] += count
    found = (Confused(i, j, count, count / totals[i]) for (i, j), count in cells.items() if i != j and count > 0)
    return nsmallest(most, found, key=lambda c: (-c.count, -c.share, c.true, c.taken))


@frozen
class Sheet:
    """Where the cells lie: their side, and the room for numbers or names before them."""

    cell: float
    margin: float = MARGIN

    def at(self, i: int) -> float:
        """Where a row or a column begins."""
        return self.margin + i * self.cell


def heat_map(matrix: Matrix, names: Sequence[str] = ()) -> Markup | None:
    """Rows are true classes, columns what they were taken for; nothing where there are too many to see.

    names: of the classes; without them they have numbers.
    """
    size = len(matrix)
    if size > MOST_CLASSES:
        return None
    names = [shortened(name) for name in names or map(str, range(size))]
    longest = max(text_width(name, SIZES["tick"]) for name in names)
    place = Sheet(CELL if size <= 12 else max(2.0, 408 / size), max(MARGIN, 26 + longest))
    side, margin = place.cell * size, place.margin
    with_numbers = size <= MOST_NUMBERS
    parts = [
        sheet(round(margin + side + 52), round(margin + side + 8), "confusion matrix", kind="heat"),
        *_naming(names, place),
        *(_cells_with_numbers(matrix, place) if with_numbers else _cells(matrix, place)),
        f'<rect x="{margin:.1f}" y="{margin:.1f}" width="{side:.1f}" height="{side:.1f}" class="edge"/>',
        *(_shares(matrix, place) if with_numbers else ()),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # every text in it is escaped where it is written


def shortened(name: str) -> str:
    """A name that has room beside a picture."""
    if text_width(name, SIZES["tick"]) <= MOST_WIDE:
        return name
    while name and text_width(f"{name}…", SIZES["tick"]) > MOST_WIDE:
        name = name[:-1]
    return f"{name}…"


def _naming(names: Sequence[str], place: Sheet) -> Iterable[str]:
    every = next(k for k in (1, 2, 5, 10, 20, 50) if k * place.cell >= 15)
    are_upright = any(text_width(name, SIZES["tick"]) > every * place.cell - 4 for name in names)
    edge = place.margin - 7
    yield text(place.margin, 12, "taken for →", "tick")
    yield text(12, place.margin, "true class", "tick", "end", upwards=True)
    for i in range(0, len(names), every):
        at = place.at(i) + place.cell / 2
        if are_upright:
            yield text(at + 3.5, edge, names[i], "tick", upwards=True)
        else:
            yield text(at, edge, names[i], "tick", "middle")
        yield text(edge, at + 3.5, names[i], "tick", "end")


def _strength(count: float, total: float) -> float:
    """How strong a cell is: the root of its share of the row, so that rare confusions are seen."""
    return sqrt(max(count, 0) / total) if total > 0 else 0.0  # a matrix of one's own may hold anything


def _cells_with_numbers(matrix: Matrix, place: Sheet) -> Iterable[str]:
    cell = place.cell
    for i, row in enumerate(matrix):
        for j, count in enumerate(row):
            if not count:
                continue
            strength = _strength(count, sum(row))
            x, y = place.at(j), place.at(i)
            kind = "right" if i == j else "wrong"
            box = f'x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}"'
            yield f'<rect {box} class="{kind}" fill-opacity="{strength:.2f}"/>'
            number = f"{count:.0f}" if float(count).is_integer() else f"{count:.2g}"
            shade = " over" if strength > 0.62 else ""
            middle = f'x="{x + cell / 2:.1f}" y="{y + cell / 2 + 4:.1f}"'
            yield f'<text {middle} class="cell{shade}" text-anchor="middle">{number}</text>'


def _cells(matrix: Matrix, place: Sheet) -> Iterable[str]:
    """The cells as one path for every strength: a thousand marks would be slow to show."""
    paths: dict[tuple[str, int], list[str]] = {}
    for i, row in enumerate(matrix):
        total = sum(row)
        for j, count in enumerate(row):
            level = round(_strength(count, total) * LEVELS)
            if level:
                kind = "right" if i == j else "wrong"
                paths.setdefault((kind, level), []).append(f"M{j} {i}h1v1h-1z")
    yield f'<g transform="translate({place.margin:.1f} {place.margin:.1f}) scale({place.cell:.3f})">'
    for (kind, level), marks in sorted(paths.items()):
        yield f'<path d="{"".join(marks)}" class="{kind}" fill-opacity="{level / LEVELS:.2f}"/>'
    yield "</g>"


def _shares(matrix: Matrix, place: Sheet) -> Iterable[str]:
    """The share that is right, behind every row."""
    x = place.at(len(matrix)) + 46
    yield text(x, place.margin - 7, "right", "tick", "end")
    for i, share in enumerate(right_shares(matrix)):
        share_text = "–" if share is None else f"{100 * share:.1f}%"
        yield text(x, place.at(i) + place.cell / 2 + 3.5, share_text, "tick", "end")

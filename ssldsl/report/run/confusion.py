"""A confusion matrix as a heat map, and in words: how often each class is right, what is taken for what."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from math import sqrt

from attrs import frozen
from markupsafe import Markup

from ssldsl.report.svg.axes import sheet, text

Matrix = Sequence[Sequence[float]]
CELL, MARGIN = 34.0, 40.0
MOST_NUMBERS = 20  # classes up to which every cell says its number
MOST_CLASSES = 200  # up to which there is a picture
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


def heat_map(matrix: Matrix) -> Markup | None:
    """Rows are true classes, columns what they were taken for; nothing where there are too many to see."""
    size = len(matrix)
    if size > MOST_CLASSES:
        return None
    with_numbers = size <= MOST_NUMBERS
    cell = CELL if size <= 12 else max(2.0, 408 / size)
    side = cell * size
    width, height = MARGIN + side + 52, MARGIN + side + 8
    parts = [
        sheet(round(width), round(height), "confusion matrix", kind="heat"),
        *_numbering(size, cell),
        *(_cells_with_numbers(matrix, cell) if with_numbers else _cells(matrix, cell)),
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{side:.1f}" height="{side:.1f}" class="edge"/>',
        *(_shares(matrix, cell) if with_numbers else ()),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # numbers and our own words


def _numbering(size: int, cell: float) -> Iterable[str]:
    every = next(k for k in (1, 2, 5, 10, 20, 50) if k * cell >= 15)
    yield text(MARGIN, 12, "taken for →", "tick")
    yield text(12, MARGIN, "true class", "tick", "end", upwards=True)
    for i in range(0, size, every):
        at = MARGIN + (i + 0.5) * cell
        yield text(at, MARGIN - 7, str(i), "tick", "middle")
        yield text(MARGIN - 7, at + 3.5, str(i), "tick", "end")


def _strength(count: float, total: float) -> float:
    """How strong a cell is: the root of its share of the row, so that rare confusions are seen."""
    return sqrt(max(count, 0) / total) if total > 0 else 0.0  # a matrix of one's own may hold anything


def _cells_with_numbers(matrix: Matrix, cell: float) -> Iterable[str]:
    for i, row in enumerate(matrix):
        for j, count in enumerate(row):
            if not count:
                continue
            strength = _strength(count, sum(row))
            x, y = MARGIN + j * cell, MARGIN + i * cell
            kind = "right" if i == j else "wrong"
            place = f'x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}"'
            yield f'<rect {place} class="{kind}" fill-opacity="{strength:.2f}"/>'
            number = f"{count:.0f}" if float(count).is_integer() else f"{count:.2g}"
            shade = " over" if strength > 0.62 else ""
            middle = f'x="{x + cell / 2:.1f}" y="{y + cell / 2 + 4:.1f}"'
            yield f'<text {middle} class="cell{shade}" text-anchor="middle">{number}</text>'


def _cells(matrix: Matrix, cell: float) -> Iterable[str]:
    """The cells as one path for every strength: a thousand marks would be slow to show."""
    paths: dict[tuple[str, int], list[str]] = {}
    for i, row in enumerate(matrix):
        total = sum(row)
        for j, count in enumerate(row):
            level = round(_strength(count, total) * LEVELS)
            if level:
                kind = "right" if i == j else "wrong"
                paths.setdefault((kind, level), []).append(f"M{j} {i}h1v1h-1z")
    yield f'<g transform="translate({MARGIN} {MARGIN}) scale({cell:.3f})">'
    for (kind, level), marks in sorted(paths.items()):
        yield f'<path d="{"".join(marks)}" class="{kind}" fill-opacity="{level / LEVELS:.2f}"/>'
    yield "</g>"


def _shares(matrix: Matrix, cell: float) -> Iterable[str]:
    """The share that is right, behind every row."""
    x = MARGIN + len(matrix) * cell + 46
    yield text(x, MARGIN - 7, "right", "tick", "end")
    for i, share in enumerate(right_shares(matrix)):
        share_text = "–" if share is None else f"{100 * share:.1f}%"
        yield text(x, MARGIN + (i + 0.5) * cell + 3.5, share_text, "tick", "end")

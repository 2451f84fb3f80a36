"""The picture of a decision map: the plane in the colors of the classes, samples as crosses, others as dots."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from ssldsl.report.run.latent import EDGE, SIDE, Latent, Legend, Point, crosses, placed, read_points
from ssldsl.report.svg.axes import n, sheet
from ssldsl.report.svg.series import whole


def read_decisions(name: str, path: Path, names: Sequence[str] = ()) -> Latent | None:
    """The decision map whose points a file holds; nothing if there is no such file or it is damaged.

    names: of the classes.
    """
    points = read_points(path)
    if not points:
        return None
    legend = Legend.of(points, names)
    labeled, others = (sum(p.is_mark and (p.number >= 0) is kind for p in points) for kind in (True, False))
    dots = f", {whole(others)} others as dots" if others else ""
    note = f"the class that each place is given; {whole(labeled)} samples as crosses{dots}"
    return Latent(name, note, legend.entries, _decisions(points, legend))


def _decisions(points: Sequence[Point], legend: Legend) -> Markup:
    """The drawing: one path for every class, of the pieces of lines that have it."""
    here = placed(points)
    grid, marks = ([p for p in here if p.is_mark is kind] for kind in (False, True))
    side = (SIDE - 2 * EDGE) / max(1, len({p.x for p in grid}) - 1)
    pieces = sorted(_pieces(grid, side), key=lambda piece: piece[0])
    parts = [
        sheet(SIDE, SIDE, "decision map", kind="latent"),
        *(_area(number, [d for _, d in own], legend) for number, own in groupby(pieces, key=lambda piece: piece[0])),
        _dots([p for p in marks if p.number < 0]),
        *crosses([p for p in marks if p.number >= 0], legend, "sample"),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # every name in it is escaped where it is written


def _dots(points: Sequence[Point]) -> str:
    return f'<path d="{"".join(f"M{n(p.x)} {n(p.y)}h0" for p in points)}" class="others"/>'


def _pieces(grid: Sequence[Point], side: float) -> Iterator[tuple[int, str]]:
    """Neighbors in a line that have one class: that class, and their outline."""
    for (_, number), cells in groupby(grid, key=lambda p: (p.y, p.number)):
        run = list(cells)
        left, top, width = run[0].x - side / 2, run[0].y - side / 2, side * len(run)
        yield number, f"M{n(left)} {n(top)}h{n(width)}v{n(side)}h{n(-width)}z"


def _area(number: int, outlines: Sequence[str], legend: Legend) -> str:
    return f'<path d="{"".join(outlines)}" class="area {legend.colors[number]}">{legend.title(number)}</path>'

"""The values of a metric as dots, one a seed, with mean and standard deviation: a row of a table each, on one scale."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from ssldsl.report.compare.comparison import Row
from ssldsl.report.svg.axes import Axis, marks_around, n, sheet, text
from ssldsl.report.svg.series import short, told

WIDTH, HEIGHT, EDGE = 560, 26, 18
KIND = "plot strip"


def scale(rows: Iterable[Row]) -> list[float]:
    """Round numbers around all values and deviations."""
    rows = list(rows)
    ends = [value for row in rows for value in row.values.values()]
    ends += [row.mean + d for row in rows if row.mean is not None for d in (-(row.sd or 0.0), row.sd or 0.0)]
    return marks_around(ends, 6) if ends else []


def strip(row: Row, marks: Sequence[float], color: str) -> Markup:
    """The values of one group."""
    middle, x = HEIGHT / 2, _across(marks)
    parts = [sheet(WIDTH, HEIGHT, kind=KIND), *_grid(marks, HEIGHT)]
    if row.mean is not None:
        mean, sd = row.mean, row.sd or 0.0
        low, high = x(mean - sd), x(mean + sd)
        parts.append(f'<path d="M{n(low)} {middle}H{n(high)}" class="line {color} spread"/>')
        parts.append(f'<path d="M{n(x(mean))} 4V{HEIGHT - 4}" class="line {color} strong"/>')
    for seed, value in row.values.items():
        title = escape(f"seed {seed}: {told(value)}")
        place = f'cx="{n(x(value))}" cy="{middle}"'
        parts.append(f'<circle {place} r="4" class="dot {color}"><title>{title}</title></circle>')
    return Markup("".join([*parts, "</svg>"]))


def axis(marks: Sequence[float]) -> Markup:
    """The scale under the rows."""
    x = _across(marks)
    labels = (text(x(mark), 15, short(mark), "tick", "middle") for mark in marks)
    return Markup("".join([sheet(WIDTH, 20, kind=KIND), *_grid(marks, 4), *labels, "</svg>"]))


def _grid(marks: Sequence[float], height: int) -> Iterable[str]:
    x = _across(marks)
    return (f'<path d="M{n(x(mark))} 0V{height}" class="grid"/>' for mark in marks)


def _across(marks: Sequence[float]) -> Axis:
    return Axis(marks[0], marks[-1], EDGE, WIDTH - EDGE)

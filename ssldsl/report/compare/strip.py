"""The values of a metric as dots, one a seed, with mean and standard deviation: a row of a table each, on one scale."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from ssldsl.report.compare.comparison import Row
from ssldsl.report.svg.chart import n
from ssldsl.report.svg.series import is_flat, short, ticks, told

WIDTH, HEIGHT, EDGE = 560, 26, 18


def scale(rows: Iterable[Row]) -> list[float]:
    """Round numbers around all values and deviations."""
    rows = list(rows)
    ends = [value for row in rows for value in row.values.values()]
    ends += [row.mean + d for row in rows if row.mean is not None for d in (-(row.sd or 0.0), row.sd or 0.0)]
    if not ends:
        return []
    room = 0.05 * abs(ends[0]) or 0.5 if is_flat(min(ends), max(ends)) else 0.0
    return ticks(min(ends) - room, max(ends) + room, 6)


def strip(row: Row, marks: Sequence[float], color: str) -> Markup:
    """The values of one group."""
    middle = HEIGHT / 2
    parts = [_open(HEIGHT), *_grid(marks, 0, HEIGHT)]
    if row.mean is not None:
        mean, sd = row.mean, row.sd or 0.0
        low, high = _x(mean - sd, marks), _x(mean + sd, marks)
        parts.append(f'<path d="M{n(low)} {middle}H{n(high)}" class="line {color} spread"/>')
        parts.append(f'<path d="M{n(_x(mean, marks))} 4V{HEIGHT - 4}" class="line {color} strong"/>')
    for seed, value in row.values.items():
        title = escape(f"seed {seed}: {told(value)}")
        place = f'cx="{n(_x(value, marks))}" cy="{middle}"'
        parts.append(f'<circle {place} r="4" class="dot {color}"><title>{title}</title></circle>')
    return Markup("".join([*parts, "</svg>"]))


def axis(marks: Sequence[float]) -> Markup:
    """The scale under the rows."""
    labels = (
        f'<text x="{n(_x(mark, marks))}" y="15" class="tick" text-anchor="middle">{short(mark)}</text>'
        for mark in marks
    )
    return Markup("".join([_open(20), *_grid(marks, 0, 4), *labels, "</svg>"]))


def _open(height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" class="plot strip">'


def _grid(marks: Sequence[float], top: int, bottom: int) -> Iterable[str]:
    return (f'<path d="M{n(_x(mark, marks))} {top}V{bottom}" class="grid"/>' for mark in marks)


def _x(value: float, marks: Sequence[float]) -> float:
    return EDGE + (WIDTH - 2 * EDGE) * (value - marks[0]) / (marks[-1] - marks[0])

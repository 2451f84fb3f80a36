"""Dots over two axes of one unit, with the line on which both are equal."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from attrs import frozen
from markupsafe import Markup

from ssldsl.report.svg.chart import n
from ssldsl.report.svg.series import is_flat, short, ticks

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 408, 360, 56, 12, 42


@frozen
class Dot:
    """A mark. `text`: what a pointer over it tells. `kind`: classes of the page, such as `c0 faint`."""

    x: float
    y: float
    text: str
    kind: str


@frozen
class Scatter:
    """Dots and the names of the axes. The later a dot, the further in front."""

    title: str
    across: str
    upwards: str
    dots: tuple[Dot, ...]


@frozen
class _Sheet:
    across: Sequence[float]
    upwards: Sequence[float]

    def x(self, value: float) -> float:
        low, high = self.across[0], self.across[-1]
        return LEFT + (WIDTH - 12 - LEFT) * (value - low) / (high - low)

    def y(self, value: float) -> float:
        low, high = self.upwards[0], self.upwards[-1]
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - low) / (high - low)


def scatter(plot: Scatter) -> Markup:
    """The drawing."""
    sheet = _Sheet(_marks([dot.x for dot in plot.dots], 5), _marks([dot.y for dot in plot.dots], 6))
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" class="plot scatter" role="img">',
        f"<title>{escape(plot.title)}</title>",
        *_axes(plot, sheet),
        _equal(sheet),
        *(_mark(dot, sheet) for dot in plot.dots),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # every text in it is escaped where it is written


def _marks(values: Sequence[float], count: int) -> list[float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * abs(low) or 0.5 if is_flat(low, high) else 0.0
    return ticks(low - room, high + room, count)


def _axes(plot: Scatter, sheet: _Sheet) -> Iterable[str]:
    floor, right = HEIGHT - BOTTOM, WIDTH - 12
    for mark in sheet.upwards:
        y = n(sheet.y(mark))
        yield f'<path d="M{LEFT} {y}H{right}" class="{"base" if mark == sheet.upwards[0] else "grid"}"/>'
        yield f'<text x="{LEFT - 6}" y="{n(sheet.y(mark) + 3.5)}" class="tick" text-anchor="end">{short(mark)}</text>'
    for mark in sheet.across:
        x = n(sheet.x(mark))
        yield f'<path d="M{x} {floor}v4" class="base"/>'
        yield f'<text x="{x}" y="{floor + 16}" class="tick" text-anchor="middle">{short(mark)}</text>'
    yield f'<text x="{right}" y="{HEIGHT - 6}" class="tick" text-anchor="end">{escape(plot.across)}</text>'
    turned = f'transform="rotate(-90 12 {TOP})" text-anchor="end"'
    yield f'<text x="12" y="{TOP}" class="tick" {turned}>{escape(plot.upwards)}</text>'


def _equal(sheet: _Sheet) -> str:
    """The part of the line of equal values that lies on the sheet."""
    low, high = max(sheet.across[0], sheet.upwards[0]), min(sheet.across[-1], sheet.upwards[-1])
    if low >= high:
        return ""
    return f'<path d="M{n(sheet.x(low))} {n(sheet.y(low))}L{n(sheet.x(high))} {n(sheet.y(high))}" class="cross"/>'


def _mark(dot: Dot, sheet: _Sheet) -> str:
    place = f'cx="{n(sheet.x(dot.x))}" cy="{n(sheet.y(dot.y))}"'
    return f'<circle {place} r="3.4" class="dot {dot.kind}"><title>{escape(dot.text)}</title></circle>'

"""Dots over two axes of one unit, with the line on which both are equal."""

from xml.sax.saxutils import escape

from attrs import frozen
from markupsafe import Markup

from ssldsl.report.svg.axes import Axis, foot, levels, marks_around, n, path, sheet, text
from ssldsl.report.svg.series import short

WIDTH, HEIGHT = 408, 360
LEFT, RIGHT, TOP, FLOOR = 56, WIDTH - 12, 12, HEIGHT - 42


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


def scatter(plot: Scatter) -> Markup:
    """The drawing."""
    across, upwards = marks_around([dot.x for dot in plot.dots], 5), marks_around([dot.y for dot in plot.dots], 6)
    x = Axis(across[0], across[-1], LEFT, RIGHT)
    y = Axis(upwards[0], upwards[-1], FLOOR, TOP)
    parts = [
        sheet(WIDTH, HEIGHT, plot.title, kind="plot scatter"),
        *levels(upwards, y, LEFT, RIGHT),
        *(foot(x(mark), FLOOR) for mark in across),
        *(text(x(mark), FLOOR + 16, short(mark), "tick", "middle") for mark in across),
        text(RIGHT, HEIGHT - 6, plot.across, "tick", "end"),
        text(12, TOP, plot.upwards, "tick", "end", upwards=True),
        _equal(x, y),
        *(_mark(dot, x, y) for dot in plot.dots),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # every text in it is escaped where it is written


def _equal(x: Axis, y: Axis) -> str:
    """The part of the line of equal values that lies on the sheet."""
    low, high = max(x.low, y.low), min(x.high, y.high)
    return f'<path d="{path([(x(low), y(low)), (x(high), y(high))])}" class="cross"/>' if low < high else ""


def _mark(dot: Dot, x: Axis, y: Axis) -> str:
    place = f'cx="{n(x(dot.x))}" cy="{n(y(dot.y))}"'
    return f'<circle {place} r="3.4" class="dot {dot.kind}"><title>{escape(dot.text)}</title></circle>'

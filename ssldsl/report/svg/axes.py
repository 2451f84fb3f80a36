"""What all plots are made of: the sheet, values laid out along it, grid and numbers, lines of text."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from attrs import frozen

from ssldsl.drawing.metrics import text_width
from ssldsl.report.svg.series import is_flat, short, ticks

SIZES = {"tick": 10.5, "name": 11.5}  # of the letters of these classes, as the style of the page has them


@frozen
class Axis:
    """Where values lie on the sheet: `low` at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)


def marks_around(values: Sequence[float], count: int) -> list[float]:
    """Round numbers around some values, with room where these are all the same."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * abs(low) or 0.5 if is_flat(low, high) else 0.0
    return ticks(low - room, high + room, count)


def sheet(width: float, height: float, title: str = "", *, kind: str = "plot", more: str = "") -> str:
    """The beginning of a drawing; `</svg>` ends it. `title`: what a screen reader says."""
    box = f'viewBox="0 0 {n(width)} {n(height)}" width="{n(width)}" height="{n(height)}"'
    if not title:
        return f'<svg {box} class="{kind}"{more}>'
    return f'<svg {box} class="{kind}" role="img"{more}><title>{escape(title)}</title>'


def levels(marks: Sequence[float], axis: Axis, left: float, right: float) -> Iterable[str]:
    """A line across the plot for every mark, the lowest as its base, and the number before it."""
    for mark in marks:
        y = axis(mark)
        yield f'<path d="M{n(left)} {n(y)}H{n(right)}" class="{"base" if mark == marks[0] else "grid"}"/>'
        yield text(left - 6, y + 3.5, short(mark), "tick", "end")


def foot(x: float, floor: float) -> str:
    """A short tick under the plot."""
    return f'<path d="M{n(x)} {n(floor)}v3" class="base"/>'


def text(x: float, y: float, content: str, kind: str, anchor: str = "start", *, upwards: bool = False) -> str:
    """One line of text on its baseline; words take the width that was planned for them, whatever font draws them."""
    more = f' transform="rotate(-90 {n(x)} {n(y)})"' if upwards else ""
    if any(letter.isalpha() for letter in content):
        width = text_width(content, SIZES[kind.partition(" ")[0]], bold="ink" in kind)
        more += f' textLength="{n(width)}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{n(x)}" y="{n(y)}" class="{kind}" text-anchor="{anchor}"{more}>{escape(content)}</text>'


def path(points: Iterable[tuple[float, float]]) -> str:
    """The straight lines through some points, as the attribute `d`."""
    return "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points)


def n(value: float) -> str:
    """A coordinate as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")

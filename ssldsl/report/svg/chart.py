"""Line charts as SVG: drawn here, so that they take the colors of the page, light or dark, and print as they are.

A page around them may follow the pointer and tell the values behind the lines (`readout`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen
from markupsafe import Markup

from ssldsl.drawing.metrics import text_width
from ssldsl.report.svg.axes import SIZES, Axis, foot, levels, n, path, sheet, text
from ssldsl.report.svg.series import Series, is_flat, short, ticks, told

WIDE, HALF, HIGH = 752, 504, 290  # side by side they are as wide as the page
GLYPH = 6.0  # about the width of a digit of a label


@frozen
class Chart:
    """Some series over the steps of a stage. `zero`: the axis begins at 0. `named`: names stand at the line ends."""

    title: str
    series: tuple[Series, ...]
    steps: int
    note: str = ""
    width: int = 307
    height: int = 180
    zero: bool = False
    named: bool = False
    epoch: int = 0  # steps of one; 0 for none
    counts: str = "step"  # what is counted from left to right


@frozen
class Frame:
    """Where data lie on the sheet: steps from left to right, values from the bottom up."""

    steps: Axis
    values: Axis

    @property
    def left(self) -> float:
        return self.steps.start

    @property
    def right(self) -> float:
        return self.steps.end

    @property
    def top(self) -> float:
        return self.values.end

    @property
    def bottom(self) -> float:
        return self.values.start


def svg(chart: Chart, number: int) -> Markup:
    """The drawing. `number` tells the charts of a page apart."""
    marks = _value_ticks(chart)
    frame = _frame(chart, marks)
    parts = [
        sheet(chart.width, chart.height, chart.title, more=f' data-chart="{number}"'),
        *levels(marks, frame.values, frame.left, frame.right),
        *_step_marks(chart, frame),
        *(_band(series, frame) for series in chart.series if series.low),
        *(part for series in chart.series for part in _line(series, frame)),
        *(_names(chart.series, frame) if chart.named else ()),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # every text in it is escaped where it is written


def readout(chart: Chart) -> dict[str, Any]:
    """What a pointer over the drawing tells, and the geometry to find it."""
    frame = _frame(chart, _value_ticks(chart))
    lines = [
        {
            "name": series.name,
            "color": series.color,
            "x": [round(step, 3) for step in series.steps],
            "y": [float(f"{value:.5g}") for value in series.values],
        }
        for series in chart.series
    ]
    corners = {name: round(getattr(frame, name), 3) for name in ("left", "right", "top", "bottom")}
    values = {"steps": frame.steps.high, "low": frame.values.low, "high": frame.values.high}
    return {**corners, **values, "epoch": chart.epoch, "lines": lines}


# --- geometry -------------------------------------------------------------------------------------------------------


def _value_ticks(chart: Chart) -> list[float]:
    values = [v for s in chart.series for v in (*s.values, *s.low, *s.high)] or [0.0, 1.0]
    low, high = min(values), max(values)
    if chart.zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if is_flat(low, high):
        low, high = (min(0.0, low), max(0.0, high)) if low else (0.0, 1.0)
    return ticks(low, high, max(3, round(chart.height / 45)))


def _frame(chart: Chart, marks: Sequence[float]) -> Frame:
    left = 10 + GLYPH * max(len(short(mark)) for mark in marks)
    names = max((_ending_width(s) for s in chart.series if s.values), default=0.0) if chart.named else 0.0
    right = chart.width - (14 + names if names else 12)
    steps = Axis(0, max(1, chart.steps), left, right)
    return Frame(steps, Axis(marks[0], marks[-1], chart.height - 24, 10))


def _ending(series: Series) -> str:
    return f"{series.name} {told(series.values[-1])}"


def _ending_width(series: Series) -> float:
    return text_width(_ending(series), SIZES["name"], bold=series.color == "ink")


# --- marks ----------------------------------------------------------------------------------------------------------


def _step_marks(chart: Chart, frame: Frame) -> Iterable[str]:
    """Steps under the plot; the first says what is counted, the last stays on the sheet."""
    width = GLYPH * (len(short(chart.steps)) + 2)
    count = max(2, min(7, int((frame.right - frame.left) / max(40, width))))
    for step in (s for s in ticks(0, chart.steps, count) if s <= chart.steps and s == int(s)):
        x = frame.steps(step)
        yield foot(x, frame.bottom)
        if step:
            yield text(x, frame.bottom + 15, short(step), "tick", "end" if x + width / 2 > frame.right else "middle")
        else:
            yield text(max(x, frame.left + 12), frame.bottom + 15, f"{chart.counts} 0", "tick", "middle")


def _line(series: Series, frame: Frame) -> Iterable[str]:
    points = [(frame.steps(s), frame.values(v)) for s, v in zip(series.steps, series.values, strict=True)]
    if not points:
        return
    kind = " ".join(["line", series.color, *(["dashed"] * series.dashed), *(["strong"] * series.strong)])
    if len(points) > 1:
        yield f'<path d="{path(points)}" class="{kind}"/>'
    if len(points) == 1 or (series.dotted and len(points) <= 80):
        yield from (f'<circle cx="{n(x)}" cy="{n(y)}" r="2.6" class="dot {series.color}"/>' for x, y in points)


def _band(series: Series, frame: Frame) -> str:
    above = [(frame.steps(s), frame.values(v)) for s, v in zip(series.steps, series.high, strict=True)]
    below = [(frame.steps(s), frame.values(v)) for s, v in zip(series.steps, series.low, strict=True)]
    return f'<path d="{path([*above, *reversed(below)])}Z" class="band {series.color}"/>'


def _names(series: Sequence[Series], frame: Frame) -> Iterable[str]:
    """Every name at the end of its line, with its last value, pushed apart where lines end together."""
    ended = sorted((s for s in series if s.values), key=lambda s: frame.values(s.values[-1]))
    places = apart([frame.values(s.values[-1]) for s in ended], 13.0, frame.top, frame.bottom - 6)
    start = max((frame.steps(s.steps[-1]) for s in ended), default=frame.right) + 9
    for line, y in zip(ended, places, strict=True):
        end = (frame.steps(line.steps[-1]) + 2, frame.values(line.values[-1]))
        yield f'<path d="{path([end, (start - 3, y)])}" class="leader"/>'
        yield text(start, y + 3.5, _ending(line), f"name {line.color}")


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places in order, moved as little as a sweep can so that neighbors are `gap` apart, from `low` to `high`."""
    found = list(places)
    for i in range(1, len(found)):
        found[i] = max(found[i], found[i - 1] + gap)
    limit = max(high, low + gap * (len(found) - 1))
    for i in range(len(found) - 1, -1, -1):
        found[i] = min(found[i], limit)
        limit = found[i] - gap
    return found

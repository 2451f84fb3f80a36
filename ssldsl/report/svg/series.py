"""Numbers over time, made ready to be drawn: thinned, averaged over runs, and told in few digits."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from attrs import frozen

from ssldsl.report.folder import Points

MOST_POINTS = 360  # more than that no eye can tell apart in a wide chart


COLORS = 8  # that the page has, as classes c0 to c7


@frozen
class Series:
    """A line of a chart. `color`: a class of the page. `low` and `high`: a band around it, or empty."""

    name: str
    steps: tuple[float, ...]
    values: tuple[float, ...]
    color: str = "ink"
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    dashed: bool = False
    dotted: bool = False  # every point is a mark: it was measured there and nowhere between
    strong: bool = False


def color(number: int) -> str:
    """The class of the color of the `number`-th thing of its kind."""
    return f"c{number % COLORS}"


def thinned(points: Points, most: int = MOST_POINTS) -> tuple[Points, tuple[float, ...], tuple[float, ...]]:
    """At most so many points, each the mean of some neighbors, and their lowest and highest; no band if all stay."""
    steps, values = points
    if len(steps) <= most:
        return points, (), ()
    size = math.ceil(len(steps) / most)
    groups = [values[i : i + size] for i in range(0, len(values), size)]
    lasts = tuple(steps[min(i + size, len(steps)) - 1] for i in range(0, len(steps), size))
    means = tuple(fmean(group) for group in groups)
    return (lasts, means), tuple(map(min, groups)), tuple(map(max, groups))


def over_runs(several: Sequence[Points]) -> tuple[Points, tuple[float, ...]]:
    """Mean and standard deviation over runs, at the steps that all of them have."""
    tables = [dict(zip(*points, strict=True)) for points in several if points[0]]
    if not tables:
        return ((), ()), ()
    steps = tuple(sorted(set(tables[0]).intersection(*tables[1:])))
    rows = [[table[step] for table in tables] for step in steps]
    spread = tuple(stdev(row) if len(row) > 1 else 0.0 for row in rows)
    return (steps, tuple(fmean(row) for row in rows)), spread


def is_flat(low: float, high: float) -> bool:
    """Whether an axis from one to the other would show nothing but rounding."""
    return high - low <= 1e-9 * max(abs(low), abs(high))


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from `low` or below to `high` or above, about `count` of them."""
    if is_flat(low, high):
        high = low + (abs(low) or 1.0)
    rough = (high - low) / max(1, count - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(k * step, 12 - math.floor(math.log10(step))) for k in range(first, last + 1)]


def short(value: float) -> str:
    """A number of an axis: `0.25`, `1200`, `25k`, `2e-5`."""
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}".replace("-", "−")
    if size >= 1e6:
        return f"{value / 1e6:.6g}M".replace("-", "−")
    if size >= 1e4:
        return f"{value / 1e3:.6g}k".replace("-", "−")
    return f"{value:.6g}".replace("-", "−")


def told(value: float) -> str:
    """A measured number in four digits: `0.9083`, `1.237`, `30.28`, `1 204`, `2.52e−4`."""
    size = abs(value)
    if not math.isfinite(value):
        return str(value)
    if size >= 1000:
        text = f"{value:,.0f}".replace(",", "\u202f")
    elif size >= 100:
        text = f"{value:.1f}"
    elif size >= 10:
        text = f"{value:.2f}"
    elif size >= 1:
        text = f"{value:.3f}"
    elif size >= 0.01 or size == 0:
        text = f"{value:.4f}"
    elif size >= 0.001:
        text = f"{value:.5f}"
    else:
        text = f"{value:.2e}".replace("e-0", "e-")
    return text.replace("-", "−")


def whole(count: int) -> str:
    """A count, its thousands apart: `46 000`."""
    return f"{count:,}".replace(",", "\u202f")


def duration(seconds: float) -> str:
    """`41 s`, `3 min 22 s`, `5 h 02 min`, `2 d 3 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"

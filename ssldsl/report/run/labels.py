"""The labels that a stage begins with: how many there are, how many are right, and how many each class has."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from attrs import frozen
from markupsafe import Markup

from ssldsl.graph.plan import StagePlan
from ssldsl.ir import captions
from ssldsl.report.folder import RunFolder
from ssldsl.report.svg.axes import Axis, levels, n, sheet, text
from ssldsl.report.svg.chart import GLYPH, HALF
from ssldsl.report.svg.series import short, ticks, whole

HEIGHT, TOP, FOOT = 150, 18, 22
MOST_NUMBERS = 20  # classes up to which every bar says its number


@frozen
class Labeled:
    """What the page says about the labels of one stream."""

    stream: str
    text: str
    spread: str
    drawing: Markup


def read_labels(run: RunFolder, stage: StagePlan) -> tuple[Labeled, ...]:
    """The labels of a stage, stream by stream, as its first line has them."""
    line = next(run.lines_of(stage.name, "labels"), None)
    labels: Mapping[str, Any] = line["labels"] if line is not None else {}
    return tuple(
        Labeled(
            captions.local(stage.name, stream), _text(found), _spread(found["per_class"]), _bars(found["per_class"])
        )
        for stream, found in labels.items()
    )


def _text(found: Mapping[str, Any]) -> str:
    """`1 437 of 1 437 samples are labeled, 20 of them known before; 10.1 % of the others are as in the data`."""
    parts = [f"{whole(found['kept'])} of {whole(found['samples'])} samples are labeled"]
    parts += [f", {whole(found['known'])} of them known before"] if found["known"] else []
    if "agreement" in found:
        who = "the others" if found["known"] else "them"
        parts.append(f"; {100 * found['agreement']:.1f} % of {who} are as in the data")
    return "".join(parts)


def _spread(counts: Sequence[int]) -> str:
    """`2 to 1 419 in a class, the median 2`."""
    empty = sum(count == 0 for count in counts)
    text = f"{whole(min(counts))} to {whole(max(counts))} in a class, the median {whole(int(median(counts)))}"
    return f"{text}; {whole(empty)} of {whole(len(counts))} classes have none" if empty else text


def _bars(counts: Sequence[int]) -> Markup:
    """A bar for every class."""
    marks = ticks(0, max(*counts, 1), 4)
    left, bottom = 10 + GLYPH * max(len(short(mark)) for mark in marks), HEIGHT - FOOT
    y = Axis(marks[0], marks[-1], bottom, TOP)
    cell = (HALF - left - 4) / len(counts)
    bar = 0.76 * cell if len(counts) <= MOST_NUMBERS else max(cell, 0.8)
    lefts = [left + (i + 0.5) * cell - bar / 2 for i in range(len(counts))]
    corners = zip(lefts, counts, strict=True)
    shape = "".join(f"M{n(x)} {n(bottom)}V{n(y(count))}h{n(bar)}V{n(bottom)}z" for x, count in corners)
    parts = [
        sheet(HALF, HEIGHT, "samples of every class"),
        *levels(marks, y, left, HALF),
        f'<path d="{shape}" class="bar"/>',
        *_numbers(counts, left, cell, y),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # numbers and our own words


def _numbers(counts: Sequence[int], left: float, cell: float, y: Axis) -> Iterable[str]:
    """Classes under the bars; where there is room, how many there are above them."""
    every = next((k for k in (1, 2, 5, 10, 20, 50, 100, 200) if k * cell >= 26), len(counts))
    for i, count in enumerate(counts):
        x = left + (i + 0.5) * cell
        if i % every == 0:
            yield text(x, y.start + 15, str(i) if i else "class 0", "tick", "middle")
        if len(counts) <= MOST_NUMBERS:
            yield text(x, y(count) - 4, short(count), "tick", "middle")

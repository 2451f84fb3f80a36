"""The legend: what the colors and strokes of this picture mean, and nothing that does not occur in it."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from ssldsl.drawing.metrics import text_width
from ssldsl.drawing.palette import AVERAGE, LINE, MARKS, SOFT, stream_color
from ssldsl.drawing.picture import Picture

SIZE = 11.0
Entry = tuple[str, str, float, str]  # words, color, width of the stroke, dashes


def entries(picture: Picture) -> list[Entry]:
    """What the legend explains."""
    found: list[Entry] = [(s, stream_color(s, picture.streams), 3, "") for s in picture.streams]
    kinds = {e.kind for e in picture.edges}
    if "label" in kinds:
        found.append(("thin: labels", SOFT, 1.3, ""))
    if any(e.detached for e in picture.edges):
        found.append(("dashed: no gradient", SOFT, 2.6, "6 4"))
    if "ema" in kinds:
        found.append(("moving average of weights", AVERAGE, 2, "1.5 4"))
    if "eval" in kinds:
        found.append(("evaluation, watch" if _watches(picture) else "evaluation", LINE, 1.2, ""))
    marks = {b.mark for b in picture.boxes} | {e.mark for e in picture.edges} | {c.mark for c in picture.clusters}
    return found + [(mark, color, 6, "") for mark, color in MARKS.items() if mark in marks]


def _watches(picture: Picture) -> bool:
    return any(box.kind == "eval" and box.key.startswith("eval:watch ") for box in picture.boxes)


def legend(picture: Picture, y: float, x: float = 24.0) -> Iterable[str]:
    """The legend in one row, as SVG."""
    for words, color, width, dash in entries(picture):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        kind = {SOFT: ' class="plain"', LINE: ' class="quiet"'}.get(color, "")
        yield f'<path{kind} d="M{x:.1f} {y:.1f}h26" stroke="{color}" stroke-width="{width:g}"{dashes}/>'
        place = f'x="{x + 33:.1f}" y="{y + 4:.1f}" font-size="{SIZE:g}"'
        yield f'<text class="soft" {place} fill="{SOFT}">{escape(words)}</text>'
        x += 33 + text_width(words, SIZE) + 24

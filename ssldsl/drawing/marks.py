"""The marks a drawing is made of, as elements of SVG."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ssldsl.drawing.layout import Point, Rect
from ssldsl.drawing.metrics import text_width
from ssldsl.drawing.palette import PAPER
from ssldsl.drawing.sizes import LID


def n(value: float) -> str:
    """A number as short as it can be."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def text(
    x: float,
    y: float,
    content: str,
    size: float,
    color: str,
    *,
    bold: bool = False,
    anchor: str = "start",
    kind: str = "",
    halo: bool = False,
    inside: bool = False,
) -> str:
    """One line of text on its baseline. inside: of a box, which it may not leave, whatever font draws it."""
    more = ' font-weight="600"' if bold else ""
    if inside and content:
        more += f' textLength="{n(text_width(content, size, bold=bold))}" lengthAdjust="spacingAndGlyphs"'
    more += f' text-anchor="{anchor}"' if anchor != "start" else ""
    more += f' stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    kinds = f' class="{kind}{" halo" if halo else ""}"' if kind or halo else ""
    return f'<text x="{n(x)}" y="{n(y)}" font-size="{n(size)}" fill="{color}"{more}{kinds}>{escape(content)}</text>'


def rect(r: Rect, fill: str, line: str, radius: float, *, kind: str = "", width: float = 1, dash: str = "") -> str:
    more = f' stroke-dasharray="{dash}"' if dash else ""
    more += f' class="{kind}"' if kind else ""
    return (
        f'<rect x="{n(r.x)}" y="{n(r.y)}" width="{n(r.width)}" height="{n(r.height)}" rx="{n(radius)}" '
        f'fill="{fill}" stroke="{line}" stroke-width="{n(width)}"{more}/>'
    )


def store(r: Rect, fill: str, line: str, width: float) -> str:
    """A cylinder: what is kept."""
    low, half, side = r.y + LID, r.width / 2, r.height - 2 * LID
    d = (
        f"M{n(r.x)} {n(low)}a{n(half)} {n(LID)} 0 0 1 {n(r.width)} 0v{n(side)}"
        f"a{n(half)} {n(LID)} 0 0 1 {n(-r.width)} 0z"
        f"m0 0a{n(half)} {n(LID)} 0 0 0 {n(r.width)} 0"
    )
    return f'<path d="{d}" fill="{fill}" stroke="{line}" stroke-width="{n(width)}" class="shape"/>'


def path(d: str, color: str, width: float, *, kind: str = "", dash: str = "", opacity: float = 1) -> str:
    more = f' stroke-dasharray="{dash}"' if dash else ""
    more += f' opacity="{n(opacity)}"' if opacity < 1 else ""
    more += f' class="{kind}"' if kind else ""
    return f'<path d="{d}" fill="none" stroke="{color}" stroke-width="{n(width)}"{more}/>'


def curve(points: Sequence[Point], shift: float = 0.0) -> str:
    """A way through the points, level at each."""
    (x, y), *rest = points
    parts = [f"M{n(x)} {n(y + shift)}"]
    for px, py in rest:
        if abs(py - y) < 0.05:
            parts.append(f"H{n(px)}")
        else:
            bend = (px - x) * 0.5
            parts.append(f"C{n(x + bend)} {n(y + shift)} {n(px - bend)} {n(py + shift)} {n(px)} {n(py + shift)}")
        x, y = px, py
    return "".join(parts)


def head(point: Point, color: str, size: float = 5.0) -> str:
    x, y = point
    return f'<path class="tip" d="M{n(x)} {n(y)}l{n(-size * 1.3)} {n(-size * 0.75)}v{n(size * 1.5)}z" fill="{color}"/>'

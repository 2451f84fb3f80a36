"""A laid-out picture as SVG that needs nothing else: no script, no font file, no style sheet.

Every mark carries a class and every box and lane its id (`data-id`), for a page around it to style and to wire.
"""

from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from ssldsl.drawing.layout import Arrow, Layout, Rect, Route
from ssldsl.drawing.legend import legend
from ssldsl.drawing.marks import curve, head, n, path, rect, store, text
from ssldsl.drawing.metrics import FONT, text_width
from ssldsl.drawing.palette import (
    AVERAGE,
    BOXES,
    FAINT,
    FRAME,
    FRAME_LINE,
    INK,
    LINE,
    LINK,
    MARKS,
    PAPER,
    SOFT,
    stream_color,
)  # fmt: skip
from ssldsl.drawing.picture import Box, Cluster, DrawnEdge, Mark
from ssldsl.drawing.sizes import (
    CAPTION,
    CHIP,
    CHIP_HEIGHT,
    LEADING,
    LID,
    PADDING,
    PILL,
    SHAPE,
    TITLE,
    chip_rows,
    chip_width,
    lines_of,
    pill_lines,
    pill_width,
    text_height,
)  # fmt: skip
from ssldsl.drawing.sizes import (
    LINE as LINE_SIZE,
)

SIGNS: Mapping[Mark, str] = {"added": "+", "removed": "−", "changed": "≠"}


def svg(layout: Layout, *, title: str = "") -> str:
    """The whole drawing."""
    size = f'viewBox="0 0 {n(layout.width)} {n(layout.height)}" width="{n(layout.width)}" height="{n(layout.height)}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(FONT)} class="picture">'
    name = title or layout.picture.name
    parts = [
        opening,
        f"<title>{escape(name)}</title>",
        f'<rect class="paper" width="100%" height="100%" fill="{PAPER}"/>',
        text(18, 25, name, 18, INK, bold=True, kind="name"),
        *body(layout),
        *legend(layout.picture, layout.height - 15),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def sheet(layouts: Sequence[Layout], titles: Sequence[str]) -> str:
    """Several drawings on one sheet: side by side if they are higher than wide, else one under the other."""
    beside = layouts[0].height > layouts[0].width
    parts, x, y = [], 0.0, 0.0
    for layout, title in zip(layouts, titles, strict=True):
        parts.append(f'<g transform="translate({n(x)} {n(y)})">\n{svg(layout, title=title)}</g>')
        x, y = (x + layout.width, y) if beside else (x, y + layout.height)
    width = sum(k.width for k in layouts) if beside else max(k.width for k in layouts)
    height = max(k.height for k in layouts) if beside else sum(k.height for k in layouts)
    size = f'viewBox="0 0 {n(width)} {n(height)}" width="{n(width)}" height="{n(height)}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', *parts, "</svg>"]) + "\n"


def body(layout: Layout) -> Iterable[str]:
    """Frames, arrows, lanes and boxes, in the order in which they cover one another."""
    picture = layout.picture
    for cluster in picture.clusters:
        yield from _frame(layout, cluster)
    for arrow in layout.arrows:
        yield from _arrow(arrow)
    for edge in sorted(picture.edges, key=lambda e: _depth(e)):
        yield from _lane(layout, edge)
    for edge in picture.edges:
        if words := list(_words(layout, edge)):
            quiet = ' opacity="0.5"' if edge.mark == "same" else ""
            yield from (f'<g class="lane words" data-id={quoteattr(edge.id)}{quiet}>', *words, "</g>")
    for box in picture.boxes:
        yield from _box(layout, box)
    for edge in (e for e in picture.edges if e.kind == "weight"):
        yield from _pill(layout, edge)


def _depth(edge: DrawnEdge) -> int:
    return ("eval", "ema", "label", "data", "weight").index(edge.kind)


def _group(kind: str, id: str, mark: Mark, about: str) -> str:
    marked = f" mark-{mark}" if mark else ""
    opacity = ' opacity="0.5"' if mark == "same" else ""
    return f'<g class="{kind}{marked}" data-id={quoteattr(id)}{opacity}><title>{escape(about)}</title>'


# --- stages -----------------------------------------------------------------------------------------------------


def _frame(layout: Layout, cluster: Cluster) -> Iterable[str]:
    frame = layout.frames[cluster.id]
    several = len(layout.picture.clusters) > 1
    yield _group("stage", cluster.id, "" if cluster.mark == "same" else cluster.mark, " · ".join(cluster.captions))
    yield rect(frame, FRAME, MARKS.get(cluster.mark, FRAME_LINE), 12, kind="frame")
    x = frame.x + 16
    if several:
        yield text(x, frame.y + 21, cluster.title, 15, INK, bold=True, kind="name")
        x += text_width(cluster.title, 15, bold=True) + 18
    for i, line in enumerate(layout.captions[cluster.id]):
        color = MARKS.get(cluster.mark, SOFT)
        yield text(x, frame.y + 20.5 + 16 * i, line.replace("   ", "   ·   "), CAPTION, color, kind="caption")
    yield "</g>"


def _arrow(arrow: Arrow) -> Iterable[str]:
    (x, y), *_ = arrow.points
    color = MARKS.get(arrow.link.mark, LINK)
    d = f"M{n(x)} {n(y)}" + "".join(f"L{n(px)} {n(py)}" for px, py in arrow.points[1:])
    ex, ey = arrow.points[-1]
    yield _group("link", f"{arrow.link.source}>{arrow.link.target}", arrow.link.mark, arrow.link.text)
    yield path(d, color, 2.2, kind="line")
    yield f'<path class="tip" d="M{n(ex)} {n(ey)}l-5 -8h10z" fill="{color}"/>'
    words = arrow.link.text or f"after {arrow.link.source}"
    yield text(arrow.text[0], arrow.text[1] + 4, words, CAPTION, color, kind="caption")
    yield "</g>"


# --- lanes ------------------------------------------------------------------------------------------------------


def _lane(layout: Layout, edge: DrawnEdge) -> Iterable[str]:
    route = layout.routes[edge.id]
    yield _group(f"lane {edge.kind}", edge.id, edge.mark, _about_lane(edge))
    if edge.mark in MARKS:
        yield path(curve(route.points), MARKS[edge.mark], 9, kind="glow", opacity=0.25)
    if edge.kind in ("weight", "eval"):
        yield from _plain(edge, route)
    elif edge.kind == "ema":
        yield from _average(edge, route)
    else:
        yield from _colored(layout, edge, route)
    yield "</g>"


def _about_lane(edge: DrawnEdge) -> str:
    facts = [", ".join(edge.streams), edge.type, f"{edge.count} draws" if edge.count > 1 else ""]
    if edge.kind in ("data", "label"):
        facts.append(
            "no gradient" if edge.detached else f"gradient reaches {', '.join(edge.reach)}" if edge.reach else ""
        )
    facts += [f"{s.source.name}:{s.line}" for s in edge.spans[:1]]
    return "\n".join(f for f in facts if f)


def _plain(edge: DrawnEdge, route: Route) -> Iterable[str]:
    color, width = (INK, 1.8) if edge.kind == "weight" else (LINE, 1.2)
    yield path(curve(route.points), color, width, kind="line quiet" if edge.kind == "eval" else "line strong")


def _average(edge: DrawnEdge, route: Route) -> Iterable[str]:
    (x, y), (ex, ey) = route.points
    yield path(f"M{n(x)} {n(y)}L{n(ex)} {n(ey)}", AVERAGE, 2, kind="line", dash="1.5 4")
    down = 1 if ey > y else -1
    yield f'<path class="tip" d="M{n(ex)} {n(ey)}l-4.5 {n(-7 * down)}h9z" fill="{AVERAGE}"/>'


def _colored(layout: Layout, edge: DrawnEdge, route: Route) -> Iterable[str]:
    """One stroke a stream, side by side, on a light casing that parts lanes where they cross."""
    streams, all_streams = edge.streams or ("",), layout.picture.streams
    width = 2.6 if edge.kind == "data" else 1.3
    dash = "6 4" if edge.detached else ""
    spread = width if len(streams) > 1 else 0
    if edge.mark not in MARKS:
        yield path(curve(route.points), FRAME, width * len(streams) + 3, kind="casing")
    for i, stream in enumerate(streams):
        shift = (i - (len(streams) - 1) / 2) * spread
        yield path(curve(route.points, shift), stream_color(stream, all_streams), width, kind="line", dash=dash)
    yield head(route.points[-1], stream_color(streams[-1], all_streams), 5 if edge.kind == "data" else 4)


def _words(layout: Layout, edge: DrawnEdge) -> Iterable[str]:
    """What is written on a lane: its shape if asked for, how many draws it is, the name of labels, a momentum."""
    route = layout.routes[edge.id]
    if edge.kind == "ema":
        yield text(route.label[0], route.label[1] + 4, edge.text, LINE_SIZE, AVERAGE, anchor="middle", halo=True)
    if edge.kind not in ("data", "label"):
        return
    color = stream_color(edge.streams[0], layout.picture.streams) if edge.streams else SOFT
    (x, y), *_ = route.points
    is_first = layout.picture.box(edge.source).kind == "stream"  # behind a view, its box says how often it is drawn
    count = f"×{edge.count}" if edge.count > 1 and is_first else ""
    words = " ".join(w for w in (edge.shape if layout.shapes else "", count) if w)
    if words:
        yield text(x + 8, y - 4, words, SHAPE, color, kind="shape", halo=True)
    if edge.kind == "label" and edge.text and _is_first(layout, edge):
        at = route.label if route.label != (x, y) else (x + 8 + text_width(edge.text, LINE_SIZE) / 2, y)
        yield text(at[0], at[1] - 3.5, edge.text, LINE_SIZE, color, anchor="middle", kind="word", halo=True)


def _is_first(layout: Layout, edge: DrawnEdge) -> bool:
    """Whether of lanes that say the same this is the one to say it: a long one, and the uppermost to its box."""
    routes = layout.routes
    like = [e for e in layout.picture.edges if (e.source, e.text) == (edge.source, edge.text)]
    alike = [e for e in like if e.target == edge.target or routes[e.id].label == routes[edge.id].label]
    is_long = len(routes[edge.id].points) > 2 or not any(len(routes[e.id].points) > 2 for e in like)
    return is_long and min(alike, key=lambda e: routes[e.id].points[0][1]) is edge


def _pill(layout: Layout, edge: DrawnEdge) -> Iterable[str]:
    """The weight of a term, on its way to the total."""
    x, y = layout.routes[edge.id].label
    lines, width = pill_lines(edge.text), pill_width(edge.text)
    height = 7 + 14 * len(lines)
    # quiet without being see-through: the lane runs under it
    yield _group("pill", edge.id, "" if edge.mark == "same" else edge.mark, _about_lane(edge))
    color = FAINT if edge.mark == "same" else MARKS.get(edge.mark, INK)
    yield rect(Rect(x - width / 2, y - height / 2, width, height), PAPER, color, 10, kind="pill", width=1.2)
    for i, line in enumerate(lines):
        down = y - height / 2 + 14.5 + 14 * i
        yield text(x, down, line, PILL, color, bold=True, anchor="middle", kind="name", inside=True)
    yield "</g>"


# --- boxes ------------------------------------------------------------------------------------------------------


def _box(layout: Layout, box: Box) -> Iterable[str]:
    place = layout.boxes[box.id]
    fill, line = BOXES[box.kind]
    dash = "5 3" if box.frozen or box.average else ""
    width = {"loss": 1.4, "eval": 0.8}.get(box.kind, 1.1)
    yield _group(f"box {box.kind}", box.id, box.mark, _about_box(box))
    if box.mark in MARKS:
        halo = Rect(place.x - 4, place.y - 4, place.width + 8, place.height + 8)
        yield rect(
            halo, "none", MARKS[box.mark], 11, kind="glow", width=2.2, dash="6 4" if box.mark == "removed" else ""
        )
    radius = place.width / 2 if box.kind == "total" else 14 if box.kind == "head" else 8
    if box.kind == "memory":
        yield store(place, fill, line, width)
    else:
        yield rect(place, fill, AVERAGE if box.average else line, radius, kind="shape", width=width, dash=dash)
    if box.kind == "stream":
        yield f'<rect x="{n(place.x)}" y="{n(place.y + 6)}" width="4" height="{n(place.height - 12)}" rx="2" ' \
              f'fill="{stream_color(box.key.partition(":")[2], layout.picture.streams)}"/>'  # fmt: skip
    yield from _inner_lanes(layout, box)
    yield from _box_text(layout, box, place)
    if box.mark in SIGNS:
        yield f'<circle cx="{n(place.right)}" cy="{n(place.y)}" r="8" fill="{MARKS[box.mark]}"/>'
        yield text(place.right, place.y + 4.5, SIGNS[box.mark], 13, PAPER, bold=True, anchor="middle")
    yield "</g>"


def _about_box(box: Box) -> str:
    facts = [box.title, *box.lines, *box.chips, box.type]
    facts.append("not trained in this stage" if box.frozen else "")
    facts.append(f"gradient reaches {', '.join(box.reach)}" if box.reach else "")
    facts += [f"{s.source.name}:{s.line}" for s in box.spans[:1]]
    return "\n".join(f for f in facts if f)


def _inner_lanes(layout: Layout, box: Box) -> Iterable[str]:
    """The lanes through a shared box, so that each can be followed to where it goes on."""
    for edge in (e for e in layout.picture.edges if e.source == box.id and e.kind in ("data", "label")):
        for origin in edge.origins:
            if origin not in layout.routes or edge.id not in layout.routes:
                continue
            ends = (layout.routes[origin].points[-1], layout.routes[edge.id].points[0])
            before = next((e for e in layout.picture.edges if e.id == origin), edge)
            for stream in before.streams:
                color = stream_color(stream, layout.picture.streams)
                yield path(curve(ends), color, 2.2, kind="inner", opacity=0.55, dash="6 4" if before.detached else "")


def _box_text(layout: Layout, box: Box, place: Rect) -> Iterable[str]:
    if box.kind == "total":
        x, y = place.x + place.width / 2, place.y + place.height / 2 + 5
        yield text(x, y, box.title, TITLE, PAPER, bold=True, anchor="middle", inside=True)
        return
    if box.kind == "eval":
        yield from _eval_text(box, place)
        return
    x, y = place.x + PADDING + (2 if box.kind == "stream" else 0), place.y + (place.height - text_height(box)) / 2
    if layout.sizes[box.id].header:
        y = place.y + 6 + (2 * LID if box.kind == "memory" else 0)
    if box.title:
        yield text(x, y + 12.5, box.title, TITLE, INK, bold=True, kind="name", inside=True)
        if box.frozen:
            after = x + text_width(box.title, TITLE, bold=True) + 6
            yield text(after, y + 12.5, "fixed", LINE_SIZE, FAINT, kind="soft", inside=True)
        y += 17
    for line in lines_of(box):
        yield text(x, y + 11, line, LINE_SIZE, SOFT, kind="soft", inside=True)
        y += LEADING
    yield from _chips(box, x, y + 2)


def _eval_text(box: Box, place: Rect) -> Iterable[str]:
    x, y = place.x + PADDING, place.y + place.height / 2 + 4
    yield text(x, y, box.title, LINE_SIZE, SOFT, bold=True, kind="soft", inside=True)
    after = x + text_width(box.title, LINE_SIZE, bold=True) + 6
    yield text(after, y, " ".join(box.lines), LINE_SIZE, FAINT, kind="soft", inside=True)


def _chips(box: Box, x: float, y: float) -> Iterable[str]:
    for row in chip_rows(box):
        left = x
        for chip in row:
            width = chip_width(chip)
            yield rect(Rect(left, y, width, CHIP_HEIGHT), BOXES["view"][0], BOXES["view"][1], 9, kind="chip", width=0.9)
            yield text(left + 6, y + 12.5, chip, CHIP, SOFT, kind="soft", inside=True)
            left += width + 5
        y += CHIP_HEIGHT + 4

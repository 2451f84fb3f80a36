"""Coordinates: every box, lane, frame and arrow of a picture at its place. No drawing format is known here."""

from collections.abc import Mapping, Sequence

from attrs import define, field, frozen

from ssldsl.drawing.columns import Bundle, bundles, column_of, order_of
from ssldsl.drawing.metrics import text_width
from ssldsl.drawing.picture import Cluster, DrawnEdge, Link, Picture
from ssldsl.drawing.placing import placed
from ssldsl.drawing.sizes import LANE, PILL, SHAPE, Size, box_sizes, caption_lines, pill_lines, pill_width

MARGIN, GAP, FRAME, TITLE_BAR, LEGEND = 18.0, 44.0, 16.0, 34.0, 30.0
SHAPE_LANE = 16.0  # lanes stand further apart where their shapes are written on them
LINK_ROW, LINK_GAP, GUTTER = 18.0, 14.0, 26.0

Point = tuple[float, float]


@frozen
class Rect:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@frozen
class Route:
    """The way of a lane: horizontal at every point, a curve between two points of different height."""

    points: tuple[Point, ...]
    label: Point = (0.0, 0.0)  # where the middle of a text on it stands, on its line


@frozen
class Arrow:
    """The way of an arrow from stage to stage, in straight lines, and where its text begins."""

    link: Link
    points: tuple[Point, ...]
    text: Point


@define
class Layout:
    """A picture with coordinates. `lane`: how far apart lanes stand. `shapes`: they are written on them."""

    picture: Picture
    sizes: Mapping[str, Size]
    lane: float
    shapes: bool = False
    boxes: dict[str, Rect] = field(factory=dict)
    routes: dict[str, Route] = field(factory=dict)
    frames: dict[str, Rect] = field(factory=dict)
    captions: dict[str, list[str]] = field(factory=dict)
    arrows: list[Arrow] = field(factory=list)
    width: float = 0.0
    height: float = 0.0


def arrange(picture: Picture, *, shapes: bool = False, sizes: Mapping[str, Size] | None = None) -> Layout:
    """Coordinates for everything in the picture. `sizes`: of the boxes, where they must fit another picture too."""
    lane = SHAPE_LANE if shapes else LANE
    layout = Layout(picture, sizes or box_sizes(picture, lane), lane, shapes)
    column = column_of(picture)
    lefts, widths, right = _columns(layout, column, shapes)
    gutter = GUTTER * len(_far_links(picture))
    shift = MARGIN + gutter + FRAME
    layout.width = right + 2 * MARGIN + gutter + 2 * FRAME
    y = TITLE_BAR + 6
    for i, cluster in enumerate(picture.clusters):
        near = [k for k in picture.links if k.target == cluster.id and i]
        y += LINK_GAP + LINK_ROW * len(near) if i else 0
        y = _arrange_stage(layout, cluster.id, column, {c: x + shift for c, x in lefts.items()}, widths, y, gutter)
    layout.height = y + LEGEND
    layout.arrows = _arrows(layout)
    return layout


def _columns(
    layout: Layout, column: Mapping[str, int], shapes: bool
) -> tuple[dict[int, float], dict[int, float], float]:
    """Left edge and width of every column, and where the last one ends."""
    boxes, edges = layout.picture.boxes, layout.picture.edges
    last = max(column.values(), default=0)
    widths = {
        c: max((layout.sizes[b.id].width for b in boxes if column[b.key] == c), default=0.0) for c in range(last + 1)
    }
    gaps = dict.fromkeys(widths, GAP)
    key = {b.id: b.key for b in boxes}
    for edge in edges:
        at = column[key[edge.source]]
        if edge.kind == "weight":
            gaps[at] = max(gaps[at], pill_width(edge.text) + 50)
        elif shapes and edge.kind in ("data", "label"):
            gaps[at] = max(gaps[at], text_width(edge.shape, SHAPE) + 52)
    lefts, x = {}, 0.0
    for c in range(last + 1):
        lefts[c] = x
        x += widths[c] + (gaps[c] if c < last else 0)
    return lefts, widths, x


def _arrange_stage(
    layout: Layout, stage: str, column: Mapping[str, int], lefts: Mapping[int, float], widths: Mapping[int, float],
    y: float, gutter: float,
) -> float:  # fmt: skip
    """Put one stage under what is there; gives where its frame ends."""
    picture = layout.picture
    cluster = next(c for c in picture.clusters if c.id == stage)
    edges = picture.edges_of(stage)
    order = order_of(picture, stage, column)
    of = {b.id: column[b.key] for b in picture.boxes_of(stage)}
    tops = placed(order, edges, layout.sizes, of, layout.lane)
    frame_width = layout.width - 2 * MARGIN - gutter
    lines = captioned(cluster, picture, frame_width)
    layout.captions[stage] = lines
    start = y + 12 + 16 * len(lines) + 12
    for (c, slot), top in tops.items():
        if slot.box:
            layout.boxes[slot.box] = Rect(lefts[c], start + top, widths[c], layout.sizes[slot.box].height)
    passing = {(slot.bundle, c): start + top for (c, slot), top in tops.items() if slot.bundle[0]}
    Router(layout, bundles(edges, of), of, lefts, widths, passing).route(edges)
    bottoms = [layout.boxes[b.id].bottom for b in picture.boxes_of(stage)]
    bottoms += [p[1] + 8 for e in edges for p in layout.routes[e.id].points]
    end = max(bottoms, default=start) + 12
    layout.frames[stage] = Rect(MARGIN + gutter, y, frame_width, end - y)
    return end


def captioned(cluster: Cluster, picture: Picture, frame_width: float) -> list[str]:
    """The caption of a stage in lines, beside its title if it has one."""
    title = text_width(cluster.title, 15, bold=True) + 18 if len(picture.clusters) > 1 else 0
    return caption_lines(cluster, frame_width - 2 * FRAME - title)


@define
class Router:
    """The ways of the lanes of one stage: which port each takes, and where it passes."""

    layout: Layout
    bundle: Mapping[str, Bundle]  # by the id of a lane
    column: Mapping[str, int]
    lefts: Mapping[int, float]
    widths: Mapping[int, float]
    passing: Mapping[tuple[Bundle, int], float]  # top of a bundle in a column
    leave: dict[str, float] = field(factory=dict)  # height at which a lane leaves its box
    enter: dict[str, float] = field(factory=dict)
    rank: dict[str, int] = field(factory=dict)  # place of a lane among those that leave its box

    def route(self, edges: Sequence[DrawnEdge]) -> None:
        flow = [e for e in edges if e.kind not in ("ema", "eval") and self.column[e.source] < self.column[e.target]]
        for box in sorted(self.column, key=lambda b: self.column[b]):
            self._ports_in(box, [e for e in flow if e.target == box])
            self._ports_out(box, [e for e in flow if e.source == box])
        for edge in edges:
            if edge in flow:
                self.layout.routes[edge.id] = self._way(edge, flow)
            else:
                self.layout.routes[edge.id] = self._aside(edge)

    def _ports_in(self, box: str, edges: list[DrawnEdge]) -> None:
        """Lanes enter in the order in which they come down the page."""
        arriving = sorted(edges, key=lambda e: (self._before(e), self.rank[e.id]))
        for i, edge in enumerate(arriving):
            self.enter[edge.id] = self._port(box, i, len(arriving))

    def _ports_out(self, box: str, edges: list[DrawnEdge]) -> None:
        """Lanes leave in the order of where they go; those that go the same way, in the order in which they came in."""
        leaving = sorted(edges, key=lambda e: (self._after(e), self._came(e), edges.index(e)))
        ports = list(dict.fromkeys(map(self._port_of, leaving)))
        for i, edge in enumerate(leaving):
            self.rank[edge.id] = i
            self.leave[edge.id] = self._port(box, ports.index(self._port_of(edge)), len(ports))

    def _port_of(self, edge: DrawnEdge) -> str:
        """What leaves a box at a port of its own: a lane, or the lane that several are until they part."""
        bundle = self.bundle[edge.id]
        return edge.id if bundle == (edge.source, edge.target) else bundle[1]

    def _port(self, box: str, i: int, count: int) -> float:
        rect, size = self.layout.boxes[box], self.layout.sizes[box]
        middle = rect.y + (size.header + rect.height) / 2 - (4 if size.header else 0)
        return round(middle + (i - (count - 1) / 2) * self.layout.lane, 1)

    def _came(self, edge: DrawnEdge) -> float:
        heights = [self.enter[o] for o in edge.origins if o in self.enter]
        return sum(heights) / len(heights) if heights else 0.0

    def _middle(self, box: str) -> float:
        rect = self.layout.boxes[box]
        return rect.y + (self.layout.sizes[box].header + rect.height) / 2

    def _after(self, edge: DrawnEdge) -> float:
        """The height at the first column a lane comes to."""
        next_ = self.passing.get((self.bundle[edge.id], self.column[edge.source] + 1))
        return next_ if next_ is not None else self._middle(edge.target)

    def _before(self, edge: DrawnEdge) -> float:
        last = self.passing.get((self.bundle[edge.id], self.column[edge.target] - 1))
        return last if last is not None else self._middle(edge.source)

    def _way(self, edge: DrawnEdge, flow: list[DrawnEdge]) -> Route:
        start = (self.layout.boxes[edge.source].right, self.leave[edge.id])
        points = [start]
        if self.layout.shapes and edge.shape:
            points.append((start[0] + text_width(edge.shape, SHAPE) + 10, start[1]))
        mates = sorted(
            (e for e in flow if (e.source, e.target) == (edge.source, edge.target)), key=lambda e: self.rank[e.id]
        )
        bundle = self.bundle[edge.id]
        offset = (mates.index(edge) + 0.5) * self.layout.lane if bundle == (edge.source, edge.target) else 5.0
        named = 6 if any(e.kind == "label" for e in mates) else 0
        for c in range(self.column[edge.source] + 1, self.column[edge.target]):
            y = round(self.passing[bundle, c] + offset + named, 1)
            points += [(self.lefts[c], y), (self.lefts[c] + self.widths[c], y)]
        text = (
            ((points[-2][0] + points[-1][0]) / 2, points[-1][1])
            if self.column[edge.target] - self.column[edge.source] > 1
            else start
        )
        if edge.kind == "weight":
            pill = (start[0] + pill_width(edge.text) + 16, start[1])
            text = ((start[0] + 10 + pill[0] - 6) / 2, start[1])
            points.append(pill)
        points.append((self.layout.boxes[edge.target].x, self.enter[edge.id]))
        return Route(tuple(points), text)

    def _aside(self, edge: DrawnEdge) -> Route:
        """Averages from box to box, evaluations from the foot of a box, and lanes that lead back, below everything."""
        source, target = self.layout.boxes[edge.source], self.layout.boxes[edge.target]
        if edge.kind == "eval":
            return self._quiet(edge, source, target)
        if edge.kind == "ema":
            x = source.x + source.width / 2
            down = target.y > source.y
            start, end = (source.bottom, target.y) if down else (source.y, target.bottom)
            return Route(((x, start), (target.x + target.width / 2, end)), (x, (start + end) / 2 - (4 if down else -3)))
        low = max(r.bottom for r in self.layout.boxes.values()) + 14
        return Route(
            (
                (source.right, source.bottom - 6),
                (source.right + 16, low),
                (target.x - 16, low),
                (target.x, target.bottom - 6),
            )
        )

    def _quiet(self, edge: DrawnEdge, source: Rect, target: Rect) -> Route:
        points: list[Point] = [(source.right, source.bottom - 7)]
        for c in range(self.column[edge.source] + 1, self.column[edge.target]):
            y = self.passing[self.bundle[edge.id], c] + self.layout.lane / 2
            points += [(self.lefts[c], y), (self.lefts[c] + self.widths[c], y)]
        return Route((*points, (target.x, target.y + target.height / 2)))


def _far_links(picture: Picture) -> list[Link]:
    """Links between stages that do not stand one under the other."""
    at = {c.id: i for i, c in enumerate(picture.clusters)}
    return [k for k in picture.links if at[k.target] - at[k.source] != 1]


def _arrows(layout: Layout) -> list[Arrow]:
    arrows = []
    far = _far_links(layout.picture)
    rows: dict[str, int] = {}
    for link in layout.picture.links:
        source, target = layout.frames[link.source], layout.frames[link.target]
        row = rows.setdefault(link.target, 0)
        rows[link.target] += 1
        x = target.x + 30 + 22 * row
        count = sum(k.target == link.target for k in layout.picture.links)
        y = target.y - LINK_GAP / 2 - LINK_ROW * (count - row) + LINK_ROW / 2
        if link in far:
            side = source.x - GUTTER * (far.index(link) + 0.5)
            leave = source.bottom - 20
            points: tuple[Point, ...] = ((source.x, leave), (side, leave), (side, y), (x, y), (x, target.y))
        else:
            points = ((x, source.bottom), (x, target.y))
        arrows.append(Arrow(link, points, (target.x + 22 + 22 * count, y)))
    return arrows


__all__ = ["PILL", "Arrow", "Layout", "Point", "Rect", "Route", "arrange", "pill_lines"]

"""A picture as one page that needs no network: the drawing, the facts of every part, and the text it comes from."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from ssldsl.drawing.layout import Layout
from ssldsl.drawing.picture import Box, DrawnEdge, Picture
from ssldsl.drawing.svg import svg
from ssldsl.source import Source, Span

TEMPLATES = Path(__file__).with_name("templates")
WIDE, LARGE = 2.0, 1700.0  # a drawing at least this much wider than high, or this wide, has its text below

KINDS = {
    "stream": "stream", "view": "view", "net": "network", "head": "head", "target": "op",
    "memory": "memory of earlier steps", "loss": "loss term", "total": "what is minimized", "eval": "evaluation",
}  # fmt: skip
LANES = {"data": "value", "label": "labels", "weight": "weighted term", "ema": "moving average", "eval": "evaluated"}


def html(layouts: Sequence[Layout], titles: Sequence[str] = (), *, title: str = "") -> str:
    """The page. Several layouts stand one under the other, or side by side if they are narrow."""
    sources = list(dict.fromkeys(s for layout in layouts for s in layout.picture.sources))
    names = [*titles, *(layout.picture.name for layout in layouts[len(titles) :])]
    drawings = [Markup(svg(layout, title=name)) for layout, name in zip(layouts, names, strict=True)]
    width, height = max(layout.width for layout in layouts), sum(layout.height for layout in layouts)
    wide = width >= min(LARGE, WIDE * height)
    template = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True).get_template(
        "page.html.j2"
    )
    return template.render(
        title=title or names[0],
        arrangement="below" if wide else "beside",
        drawings=drawings,
        sources=[{"name": s.name, "lines": s.text.rstrip("\n").split("\n")} for s in sources],
        facts=_embedded(facts([layout.picture for layout in layouts], sources)),
        css=Markup(_asset("page.css") + "\n" + style()),
        script=Markup(_asset("page.js")),
    ) + "\n"  # fmt: skip


def style() -> str:
    """How a page shows the SVG of a drawing where it is dark."""
    return _asset("picture.css")


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").rstrip("\n")


def _embedded(data: dict[str, Any]) -> Markup:
    """JSON that cannot end the script element it stands in."""
    return Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))


def facts(pictures: Sequence[Picture], sources: Sequence[Source]) -> dict[str, Any]:
    """What the page knows: title, facts and lines of every box and lane; where every lane comes from."""
    items: dict[str, Any] = {}
    lanes: dict[str, Any] = {}
    for picture in pictures:
        for box in picture.boxes:
            _add(items, box.id, box.title or " >> ".join(box.chips), _of_box(box), _lines(box.spans, sources))
        for edge in picture.edges:
            _add(items, edge.id, _name(edge, picture), _of_lane(edge), _lines(edge.spans, sources))
            lanes[edge.id] = {"source": edge.source, "target": edge.target, "origins": list(edge.origins)}
    return {"items": items, "lanes": lanes}


def _add(
    items: dict[str, Any], id: str, title: str, about: list[tuple[str, str]], lines: list[tuple[int, int, int]]
) -> None:
    """One more thing; of two pictures that have it, what either says and the lines of both."""
    before = items.get(id, {"facts": [], "lines": []})
    both = dict.fromkeys([*before["facts"], *about])
    items[id] = {"title": title, "facts": list(both), "lines": list(dict.fromkeys([*before["lines"], *lines]))}


def _name(edge: DrawnEdge, picture: Picture) -> str:
    source, target = picture.box(edge.source), picture.box(edge.target)
    return f"{source.title or source.chips[-1]} → {target.title or target.chips[0]}"


def _of_box(box: Box) -> list[tuple[str, str]]:
    found = [("kind", KINDS[box.kind] + (", not trained here" if box.frozen else "")), ("is", " · ".join(box.lines))]
    found += [("views" if box.kind == "stream" else "steps", " >> ".join(box.chips))]
    found += [("gives", line) for line in box.type.split("\n")]
    if box.kind in ("net", "head", "target", "loss"):
        found.append(("gradient", f"reaches {', '.join(box.reach)}" if box.reach else "none"))
    return [(k, v) for k, v in (*found, *_places(box.spans)) if v]


def _of_lane(edge: DrawnEdge) -> list[tuple[str, str]]:
    found = [("kind", LANES[edge.kind]), ("streams", ", ".join(edge.streams)), ("text", edge.text), ("type", edge.type)]
    found.append(("draws", str(edge.count) if edge.count > 1 else ""))
    if edge.kind in ("data", "label", "weight"):
        reach = f"reaches {', '.join(edge.reach)}" if edge.reach else ""
        found.append(("gradient", "stopped" if edge.detached else reach))
    return [(k, v) for k, v in (*found, *_places(edge.spans)) if v]


def _places(spans: Iterable[Span]) -> list[tuple[str, str]]:
    places = dict.fromkeys(f"{s.source.name}:{s.line}" for s in spans)
    return [("written", ", ".join(places))] if places else []


def _lines(spans: Iterable[Span], sources: Sequence[Source]) -> list[tuple[int, int, int]]:
    """Source, first and last line of every span."""
    index = {s: i for i, s in enumerate(sources)}
    found = [
        (index[s.source], s.line, s.source.position(max(s.start, s.end - 1))[0]) for s in spans if s.source in index
    ]
    return list(dict.fromkeys(found))

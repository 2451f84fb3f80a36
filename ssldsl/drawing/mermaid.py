"""A picture as Mermaid: what a README or an issue renders by itself."""

from collections.abc import Iterable, Mapping

from ssldsl.drawing.palette import AVERAGE, BOXES, MARKS, STREAMS
from ssldsl.drawing.picture import Box, DrawnEdge, Picture

SHAPES: Mapping[str, tuple[str, str]] = {
    "stream": ("[(", ")]"), "view": ("[/", "/]"), "net": ("[", "]"), "head": ("(", ")"), "target": ("{{", "}}"),
    "memory": ("[(", ")]"), "loss": ("[[", "]]"), "total": ("((", "))"), "eval": ("([", "])"),
}  # fmt: skip


def mermaid(picture: Picture, *, shapes: bool = False) -> str:
    """The flow chart, with a subgraph for every stage where there are several."""
    names = {b.id: f"n{i}" for i, b in enumerate(picture.boxes)}
    lines = ["flowchart LR"]
    several = len(picture.clusters) > 1
    for i, cluster in enumerate(picture.clusters):
        boxes = [f"{names[b.id]}{_shape(b)}" for b in picture.boxes_of(cluster.id)]
        if several:
            lines += [f"  subgraph s{i}[{_quoted(cluster.title, cluster.captions[0])}]", "    direction LR"]
            lines += [f"    {box}" for box in boxes] + ["  end"]
        else:
            lines += [f"  {box}" for box in boxes]
    drawn = [e for e in picture.edges if e.source != e.target]
    lines += [f"  {names[e.source]} {_arrow(e, shapes)} {names[e.target]}" for e in drawn]
    stages = {c.id: f"s{i}" for i, c in enumerate(picture.clusters)}
    lines += [f"  {stages[k.source]} ==>|{_text(k.text or 'then')}| {stages[k.target]}" for k in picture.links]
    return "\n".join([*lines, *_styles(picture, names, drawn)]) + "\n"


def _text(words: str) -> str:
    return '"' + words.replace('"', "#quot;").replace("\n", " ") + '"'


def _quoted(title: str, *lines: str) -> str:
    inside = [f"<b>{title}</b>" if title else "", *lines]
    return _text("<br>".join(line for line in inside if line))


def _shape(box: Box) -> str:
    left, right = SHAPES[box.kind]
    lines = (*box.lines, *([" · ".join(box.chips)] if box.chips else []), *(["fixed"] if box.frozen else []))
    return f"{left}{_quoted(box.title, *lines)}{right}"


def _arrow(edge: DrawnEdge, shapes: bool) -> str:
    words = [edge.text, edge.shape if shapes else "", f"×{edge.count}" if edge.count > 1 else ""]
    text = " ".join(w for w in words if w)
    arrow = {"ema": "-.->", "eval": "-.-"}.get(edge.kind, "-.->" if edge.detached else "-->")
    return f"{arrow}|{_text(text)}|" if text else arrow


def _styles(picture: Picture, names: Mapping[str, str], edges: Iterable[DrawnEdge]) -> Iterable[str]:
    for kind, (fill, line) in BOXES.items():
        ids = [names[b.id] for b in picture.boxes if b.kind == kind]
        if ids:
            ink = "#ffffff" if kind == "total" else "#1b2430"
            yield f"  classDef {kind} fill:{fill},stroke:{line},color:{ink}"
            yield f"  class {','.join(ids)} {kind}"
    for mark, color in MARKS.items():
        ids = [names[b.id] for b in picture.boxes if b.mark == mark]
        if ids:
            yield f"  classDef {mark} stroke:{color},stroke-width:3px"
            yield f"  class {','.join(ids)} {mark}"
    colored: dict[str, list[str]] = {}
    for i, edge in enumerate(edges):
        color = AVERAGE if edge.kind == "ema" else MARKS.get(edge.mark, "")
        if not color and edge.streams:
            color = STREAMS[picture.streams.index(edge.streams[0]) % len(STREAMS)]
        if color:
            colored.setdefault(color, []).append(str(i))
    for color, which in colored.items():
        yield f"  linkStyle {','.join(which)} stroke:{color}"

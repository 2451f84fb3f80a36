"""A picture as DOT, for Graphviz."""

from collections.abc import Mapping

from ssldsl.drawing.palette import AVERAGE, BOXES, INK, LINE, MARKS, SOFT, stream_color
from ssldsl.drawing.picture import Box, DrawnEdge, Picture

SHAPES: Mapping[str, str] = {
    "stream": "cylinder", "view": "parallelogram", "net": "box", "head": "box", "target": "hexagon",
    "memory": "cylinder", "loss": "box", "total": "circle", "eval": "note",
}  # fmt: skip


def dot(picture: Picture, *, shapes: bool = False) -> str:
    """The directed graph, with a cluster for every stage."""
    lines = [
        f"digraph {_quoted(picture.name)} {{",
        "  rankdir=LR; compound=true; newrank=true;",
        '  node [fontname="Helvetica", fontsize=11, style="filled,rounded"];',
        '  edge [fontname="Helvetica", fontsize=9, arrowsize=0.6];',
    ]
    for i, cluster in enumerate(picture.clusters):
        label = (
            r"\n".join([cluster.title, *cluster.captions])
            if len(picture.clusters) > 1
            else r"\n".join(cluster.captions)
        )
        lines += [
            f"  subgraph cluster_{i} {{",
            f"    label={_quoted(label)}; fontname=Helvetica; color={_quoted(LINE)};",
        ]
        lines += [f"    {_box(b)};" for b in picture.boxes_of(cluster.id)]
        lines.append("  }")
    lines += [f"  {_edge(e, picture, shapes)};" for e in picture.edges]
    lines += [line for k in picture.links for line in _link(picture, k.source, k.target, k.text)]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _box(box: Box) -> str:
    lines = [box.title, *box.lines, *box.chips, "fixed" if box.frozen else ""]
    fill, line = BOXES[box.kind]
    color = MARKS.get(box.mark, line)
    ink = ", fontcolor=white" if box.kind == "total" else ""
    width = ", penwidth=3" if box.mark in MARKS else ""
    label = r"\n".join(part for part in lines if part)
    return (
        f"{_quoted(box.id)} [label={_quoted(label)}, shape={SHAPES[box.kind]}, fillcolor={_quoted(fill)}, "
        f"color={_quoted(color)}{ink}{width}]"
    )


def _edge(edge: DrawnEdge, picture: Picture, shapes: bool) -> str:
    words = [edge.text, edge.shape if shapes else "", f"×{edge.count}" if edge.count > 1 else ""]
    colors = [stream_color(s, picture.streams) for s in edge.streams]
    color = ":".join(colors) or {"ema": AVERAGE, "eval": LINE, "weight": INK}.get(edge.kind, SOFT)
    more = [f"color={_quoted(MARKS.get(edge.mark, color))}"]
    more += [f"label={_quoted(' '.join(w for w in words if w))}"] if any(words) else []
    more += ["style=dashed"] if edge.detached else ["style=dotted", "constraint=false"] if edge.kind == "ema" else []
    more += [f"penwidth={ {'data': 2, 'label': 0.8}.get(edge.kind, 1) }"]
    return f"{_quoted(edge.source)} -> {_quoted(edge.target)} [{', '.join(more)}]"


def _link(picture: Picture, source: str, target: str, text: str) -> list[str]:
    """An arrow between clusters must be tied to a box of each."""
    index = {c.id: i for i, c in enumerate(picture.clusters)}
    tail, head = picture.boxes_of(source), picture.boxes_of(target)
    if not tail or not head:
        return []
    ends = f"{_quoted(tail[-1].id)} -> {_quoted(head[0].id)}"
    more = f"ltail=cluster_{index[source]}, lhead=cluster_{index[target]}, constraint=false"
    return [f"  {ends} [{more}, label={_quoted(text)}];"]

"""Two pictures set against each other: what is in both stands at the same place and is quiet; the rest is marked."""

from collections.abc import Mapping

from attrs import evolve

from ssldsl.drawing.layout import Layout, arrange, captioned
from ssldsl.drawing.picture import Box, Cluster, DrawnEdge, Link, Mark, Picture
from ssldsl.drawing.sizes import LANE, Size, box_sizes


def compare_pictures(before: Picture, after: Picture) -> tuple[Picture, Picture]:
    """The two pictures, every part marked `same`, `changed`, `removed` (in the first) or `added` (in the second)."""
    return _marked(before, after, "removed"), _marked(after, before, "added")


def _marked(picture: Picture, other: Picture, alone: Mark) -> Picture:
    boxes = {b.id: b for b in other.boxes}
    edges = {e.id: e for e in other.edges}
    stages = {c.id: c for c in other.clusters}
    links = {(k.source, k.target): k for k in other.links}
    return evolve(
        picture,
        boxes=tuple(evolve(b, mark=_mark(boxes.get(b.id), b, alone)) for b in picture.boxes),
        edges=tuple(evolve(e, mark=_mark(edges.get(e.id), e, alone)) for e in picture.edges),
        clusters=tuple(evolve(c, mark=_mark(stages.get(c.id), c, alone)) for c in picture.clusters),
        links=tuple(evolve(k, mark=_mark(links.get((k.source, k.target)), k, alone)) for k in picture.links),
    )


def _mark(other: Box | DrawnEdge | Cluster | Link | None, one: Box | DrawnEdge | Cluster | Link, alone: Mark) -> Mark:
    if other is None:
        return alone
    return "same" if _said(one) == _said(other) else "changed"


def _said(thing: Box | DrawnEdge | Cluster | Link) -> object:
    """What a reader sees of it. Types and gradients follow from elsewhere, and change with it."""
    match thing:
        case Box():
            return (thing.title, thing.lines, thing.chips, thing.frozen, thing.average)
        case DrawnEdge():
            return (thing.text, thing.detached, thing.count)
        case Cluster():
            return thing.captions
        case Link():
            return thing.text


def arrange_both(before: Picture, after: Picture, *, shapes: bool = False) -> tuple[Layout, Layout]:
    """The two, marked, in one arrangement made for everything in either."""
    first, second = compare_pictures(before, after)
    whole = _union(first, second)
    sizes = box_sizes(whole, LANE)
    for picture in (first, second):
        sizes = _larger(sizes, box_sizes(picture, LANE))
    layout = arrange(whole, shapes=shapes, sizes=sizes)
    return _part(layout, first), _part(layout, second)


def _larger(one: Mapping[str, Size], other: Mapping[str, Size]) -> dict[str, Size]:
    found = dict(one)
    for id, size in other.items():
        known = found.get(id, size)
        found[id] = Size(max(size.width, known.width), max(size.height, known.height), max(size.header, known.header))
    return found


def _union(first: Picture, second: Picture) -> Picture:
    """Everything of both; where both have it, as the second says it, with the origins of both."""
    boxes = {b.id: b for b in (*first.boxes, *second.boxes)}
    edges = {e.id: e for e in first.edges}
    for edge in second.edges:
        before = edges.get(edge.id)
        origins = tuple(dict.fromkeys((*(before.origins if before else ()), *edge.origins)))
        edges[edge.id] = evolve(edge, origins=origins)
    by_length = sorted((*first.clusters, *second.clusters), key=lambda c: len(" ".join(c.captions)))
    clusters = {c.id: c for c in by_length}  # the longer caption, so that there is room for both
    links = {(k.source, k.target): k for k in (*first.links, *second.links)}
    streams = tuple(dict.fromkeys((*first.streams, *second.streams)))
    order = {c.id: i for i, c in enumerate(_merged(first.clusters, second.clusters))}
    return Picture(
        second.name,
        tuple(sorted(clusters.values(), key=lambda c: order[c.id])),
        tuple(boxes.values()),
        tuple(edges.values()),
        tuple(links.values()),
        streams,
        tuple(dict.fromkeys((*first.sources, *second.sources))),
    )


def _merged(first: tuple[Cluster, ...], second: tuple[Cluster, ...]) -> list[Cluster]:
    """The stages of both: those of the second where they stand, those only of the first after the one they followed."""
    merged = list(second)
    known = {c.id for c in second}
    for i, cluster in enumerate(first):
        if cluster.id not in known:
            at = next((k for k, c in enumerate(merged) if i and c.id == first[i - 1].id), -1)
            merged.insert(at + 1, cluster)
            known.add(cluster.id)
    return merged


def _part(whole: Layout, picture: Picture) -> Layout:
    """Of an arrangement of both, what belongs to one; its colors are those of the whole."""
    boxes, edges = {b.id for b in picture.boxes}, {e.id for e in picture.edges}
    stages = {c.id for c in picture.clusters}
    pairs = {(k.source, k.target) for k in picture.links}
    return Layout(
        evolve(picture, streams=whole.picture.streams),
        whole.sizes,
        whole.lane,
        whole.shapes,
        {b: r for b, r in whole.boxes.items() if b in boxes},
        {e: r for e, r in whole.routes.items() if e in edges},
        {f: r for f, r in whole.frames.items() if f in stages},
        {c.id: captioned(c, whole.picture, whole.frames[c.id].width) for c in picture.clusters},
        [evolve(a, link=_own(a.link, picture)) for a in whole.arrows if (a.link.source, a.link.target) in pairs],
        whole.width,
        whole.height,
    )


def _own(link: Link, picture: Picture) -> Link:
    return next(k for k in picture.links if (k.source, k.target) == (link.source, link.target))

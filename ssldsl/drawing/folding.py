"""Rounds of a stage that look alike are drawn once, with their number."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from ssldsl.drawing.picture import Box, Cluster, DrawnEdge, Link, Picture
from ssldsl.ir import captions

BEFORE = "the round before"
Rounds = Mapping[str, tuple[str, ...]]  # stage -> its rounds, in order


def alike(picture: Picture) -> Rounds:
    """The stages whose rounds differ in nothing but the round before them, and in numbers."""
    found: dict[str, list[str]] = {}
    for cluster in picture.clusters:
        name, _, number = cluster.id.rpartition(".")
        if name and number.isdigit():
            found.setdefault(name, []).append(cluster.id)
    shapes = {id: _shape(picture, id) for rounds in found.values() for id in rounds}
    return {n: tuple(r) for n, r in found.items() if len(r) > 1 and all(shapes[i] == shapes[r[0]] for i in r)}


def folded(picture: Picture, rounds: Rounds) -> Picture:
    """The picture with some rounds drawn as their first, which says how many there are."""
    for name, ids in rounds.items():
        picture = _folded(picture, name, ids)
    return picture


def _shape(picture: Picture, stage: str) -> tuple[object, ...]:
    """What a stage draws, without the numbers in it: boxes and lanes, under the names that the stage has for them."""
    boxes = {(_local(stage, b.id), b.title, len(b.lines), len(b.chips), b.count) for b in picture.boxes_of(stage)}
    lanes = {(_local(stage, e.source), _local(stage, e.target), e.kind, e.count) for e in picture.edges_of(stage)}
    return frozenset(boxes), frozenset(lanes)


def _local(stage: str, id: str) -> str:
    """A box as the stage calls it."""
    return id.split("/", 1)[1].replace(f"{stage}.", "")


def _folded(picture: Picture, name: str, ids: Sequence[str]) -> Picture:
    first, second, last = ids[0], ids[1], ids[-1]
    gone = set(ids[1:])
    earlier = _earlier(picture, first)
    own = [s for s in picture.streams if s.startswith(f"{first}.")]
    names = {s: captions.local(first, s) for s in own if captions.local(first, s) not in picture.streams}
    clusters = {c.id: c for c in picture.clusters}
    later = {_local(second, b.id): b for b in picture.boxes_of(second)}
    boxes = [b if b.stage != first else _box(b, later[_local(first, b.id)], earlier, first) for b in picture.boxes]
    whole = _cluster(clusters[first], clusters[last], name, len(ids), list(_inside(picture, second, first)))
    return evolve(
        picture,
        clusters=tuple(whole if c.id == first else c for c in picture.clusters if c.id not in gone),
        boxes=tuple(evolve(b, id=_renamed(b.id, names)) for b in boxes if b.stage not in gone),
        edges=tuple(_edge(e, names) for e in picture.edges if e.source.split("/", 1)[0] not in gone),
        links=tuple(_links(picture.links, gone, first)),
        streams=tuple(names.get(s, s) for s in picture.streams if not any(s.startswith(f"{g}.") for g in gone)),
    )


def _earlier(picture: Picture, first: str) -> list[str]:
    return [link.source for link in picture.links if link.target == first]


def _cluster(first: Cluster, last: Cluster, name: str, count: int, between: list[str]) -> Cluster:
    pairs = zip(first.captions, last.captions, strict=False)
    same = len(first.captions) == len(last.captions)
    said = [a if a == b else f"{a} … {b}" for a, b in pairs] if same else list(first.captions)
    return evolve(first, title=name, captions=(f"{count} rounds", *between, *said))


def _inside(picture: Picture, second: str, first: str) -> Iterable[str]:
    """What a round takes from the one before, in words."""
    for link in picture.links:
        if link.source == first and link.target == second and link.text:
            yield link.text.replace(f"{second}.", "").replace(first, BEFORE)


def _box(box: Box, later: Box, earlier: Sequence[str], first: str) -> Box:
    """A box of the first round, where it names the stage before as that of any round."""
    lines = []
    for mine, other in zip(box.lines, later.lines, strict=True):
        general = next((mine.replace(e, BEFORE) for e in earlier if mine != other and e in mine), mine)
        lines.append(general if general == other.replace(first, BEFORE) else mine)
    return evolve(box, lines=tuple(lines))


def _edge(edge: DrawnEdge, names: Mapping[str, str]) -> DrawnEdge:
    return evolve(
        edge,
        id=_renamed(edge.id, names),
        source=_renamed(edge.source, names),
        target=_renamed(edge.target, names),
        origins=tuple(_renamed(o, names) for o in edge.origins),
        streams=tuple(names.get(s, s) for s in edge.streams),
    )


def _renamed(id: str, names: Mapping[str, str]) -> str:
    for name, short in names.items():
        id = id.replace(name, short)
    return id


def _links(links: Iterable[Link], gone: set[str], first: str) -> Iterable[Link]:
    """The links of the rounds with other stages: from the last round they leave the one that is drawn."""
    for link in links:
        if link.target in gone or (link.source in gone and link.target == first):
            continue
        yield evolve(link, source=first if link.source in gone else link.source)

"""Columns and their order: which box stands how far right, and above which other.

Columns are shared by all stages, so that a module stands under itself. The order within a column, which decides what
crosses what, is igraph's (Sugiyama's method), sifted until no move helps; lanes that skip a column hold a place in it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, pairwise, permutations

from attrs import frozen

from ssldsl.drawing.picture import Box, DrawnEdge, Picture
from ssldsl.drawing.untangling import Untangling
from ssldsl.ir.walk import walk

# how much it matters, in twentieths, that a lane crosses no other: a thin one less, a quiet one hardly
WEIGHTS = {"data": 20, "label": 12, "weight": 20, "eval": 1}
FLOW = frozenset({"data", "label", "weight"})


Bundle = tuple[str, str]  # where lanes that pass side by side come from, and where they go


@frozen
class Slot:
    """A place in a column: a box, or (`bundle`) lanes between two boxes that pass by."""

    box: str = ""
    bundle: Bundle = ("", "")


Cell = tuple[int, Slot]  # a slot in a column
Step = tuple[Cell, Cell, float]  # to a cell of the next column, and how much it matters that nothing crosses it


@frozen
class SlotOrder:
    """The slots of one stage, column by column, from top to bottom."""

    columns: tuple[tuple[Slot, ...], ...]

    def chain(self, bundle: Bundle) -> list[Cell]:
        """The places a bundle holds on its way, with their columns."""
        slot = Slot(bundle=bundle)
        return [(i, slot) for i, column in enumerate(self.columns) if slot in column]


def column_of(picture: Picture) -> dict[str, int]:
    """The column of every box, by its key: streams first, then by the longest way there, terms and total last.

    A network and its moving average stand in one column.
    """
    kinds = {b.key: b.kind for b in picture.boxes}
    flow = {(_key(e.source), _key(e.target)): None for e in picture.edges if e.kind in FLOW}
    averages = {(_key(e.source), _key(e.target)) for e in picture.edges if e.kind == "ema"}
    depth = _longest_ways(list(kinds), _acyclic(flow), averages)
    terms = 1 + max((d for k, d in depth.items() if kinds[k] not in ("loss", "total", "eval")), default=0)
    fixed = {"stream": 0, "loss": terms, "eval": terms, "total": terms + 1}
    return {key: fixed.get(kind, depth[key]) for key, kind in kinds.items()}


def _key(box: str) -> str:
    return box.split("/", 1)[1]


def _acyclic(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The edges without those that lead back: a module that a value passes twice, or stages of opposite order."""
    after: dict[str, list[str]] = {}
    for source, target in edges:
        if source != target and source not in walk([target], lambda key: after.get(key, ())):
            after.setdefault(source, []).append(target)
    return after


def _longest_ways(keys: list[str], after: Mapping[str, list[str]], level: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How far right everything must stand. `level`: pairs that stand equally far."""
    depth = dict.fromkeys(keys, 0)
    for _ in keys:
        changed = False
        for source, targets in after.items():
            for target in targets:
                if depth[target] <= depth[source]:
                    depth[target], changed = depth[source] + 1, True
        for one, other in level:
            if depth[one] != depth[other]:
                depth[one] = depth[other] = max(depth[one], depth[other])
                changed = True
        if not changed:
            break
    return depth


def order_of(picture: Picture, stage: str, column: Mapping[str, int]) -> SlotOrder:
    """The slots of a stage, so that few lanes cross; streams and terms as the spec orders them where that is free."""
    boxes = picture.boxes_of(stage)
    edges = picture.edges_of(stage)
    of = {b.id: column[b.key] for b in boxes}
    at = {Slot(box=id): layer for id, layer in of.items()}
    lanes: Counter[tuple[Cell, Cell]] = Counter()
    bundle = bundles(edges, of)
    for edge in (e for e in edges if e.id in bundle and of[e.source] < of[e.target]):
        passing = [Slot(bundle=bundle[edge.id])] * (of[edge.target] - of[edge.source] - 1)
        chain = [Slot(box=edge.source), *passing, Slot(box=edge.target)]
        for step in pairwise(enumerate(chain, of[edge.source])):
            lanes[step] += WEIGHTS[edge.kind]
    steps = [(a, b, weight / 20) for (a, b), weight in lanes.items()]
    quiet = {e.target for e in edges if e.kind == "eval"}
    ranks = {Slot(box=b.id): i for i, b in enumerate(_in_spec_order(picture, stage))}
    return SlotOrder(_ordered(at, steps, ranks, quiet))


def _in_spec_order(picture: Picture, stage: str) -> list[Box]:
    """Streams as declared, everything else as first met."""
    place = {name: i for i, name in enumerate(picture.streams)}
    return sorted(picture.boxes_of(stage), key=lambda b: place.get(b.title, 0) if b.kind == "stream" else 0)


def bundles(edges: Iterable[DrawnEdge], column: Mapping[str, int]) -> dict[str, Bundle]:
    """By the id of a lane, the bundle in which it passes the columns: that of the two boxes it joins.

    Labels that several boxes of one column read pass as one lane, and part in front of them.
    """
    found = {e.id: (e.source, e.target) for e in edges if e.kind != "ema"}
    trunks: dict[tuple[str, str, int], list[DrawnEdge]] = {}
    for edge in (e for e in edges if e.kind == "label" and column[e.target] - column[e.source] > 1):
        trunks.setdefault((edge.source, f"{edge.text} of {edge.streams}", column[edge.target]), []).append(edge)
    for (source, what, last), readers in trunks.items():
        if len({e.target for e in readers}) > 1:
            found.update({e.id: (source, f"{what} to {last}") for e in readers})
    return found


def _ordered(
    at: Mapping[Slot, int], steps: list[Step], ranks: Mapping[Slot, int], quiet: set[str]
) -> tuple[tuple[Slot, ...], ...]:
    """The best of several starts: igraph's order, its mirror image, and what follows from an order of the terms."""
    vertices, links, layers = _expanded(at, steps)

    def preference(a: int, b: int) -> float:
        first, second = vertices[a], vertices[b]
        last = _is_quiet(first, quiet) - _is_quiet(second, quiet)
        if last:
            return 1000.0 * max(last, 0)
        inverted = first in ranks and second in ranks and ranks[first] > ranks[second]
        return 0.45 * inverted

    where = _sugiyama(len(vertices), links, layers)
    terms = [i for i, slot in enumerate(vertices) if slot.box.split("/")[-1].startswith("loss:")]
    starts = [where, [-x for x in where], *(_pulled(links, layers, order) for order in islice(permutations(terms), 24))]
    tried = []
    for start in starts:
        columns: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
        for v in sorted(range(len(vertices)), key=lambda v: (start[v], v)):
            columns[layers[v]].append(v)
        untangling = Untangling(columns, links, preference)
        tried.append((round(untangling.solve(), 6), columns))
    best = min(tried, key=lambda pair: pair[0])[1]
    return tuple(tuple(vertices[v] for v in column) for column in best)


def _pulled(links: list[tuple[int, int, float]], layers: list[int], terms: Sequence[int]) -> list[float]:
    """Places that follow from an order of the terms: everything at the mean of what it leads to."""
    where = [float(i) for i in range(len(layers))]
    where = [float(terms.index(i)) if i in terms else x for i, x in enumerate(where)]
    for v in sorted((v for v in range(len(layers)) if v not in terms), key=lambda v: -layers[v]):
        after = [where[b] for a, b, _ in links if a == v]
        where[v] = sum(after) / len(after) if after else len(terms) / 2
    return where


def _expanded(at: Mapping[Slot, int], steps: list[Step]) -> tuple[list[Slot], list[tuple[int, int, float]], list[int]]:
    """Vertices, edges and layers as numbers; a slot of passing lanes is a vertex in every column it passes."""
    index = {(layer, slot): i for i, (slot, layer) in enumerate(at.items())}
    links = []
    for source, target, weight in steps:
        ends = [index.setdefault(cell, len(index)) for cell in (source, target)]
        links.append((ends[0], ends[1], weight))
    return [slot for _, slot in index], links, [layer for layer, _ in index]


def _sugiyama(count: int, links: list[tuple[int, int, float]], layers: list[int]) -> list[float]:
    """The place of every vertex in its layer."""
    import igraph  # here, not above: it takes a while to load, and only drawings need it

    graph = igraph.Graph(n=count, edges=[(a, b) for a, b, _ in links], directed=True)
    return [x for x, _ in graph.layout_sugiyama(layers=layers, maxiter=500).coords[:count]]


def _is_quiet(slot: Slot, quiet: set[str]) -> bool:
    """Evaluations stand under everything else."""
    return slot.box in quiet or slot.bundle[1] in quiet

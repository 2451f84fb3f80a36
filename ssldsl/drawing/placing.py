"""Heights: every slot of a column as near as may be to what it is joined to, none on another."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from attrs import define, field

from ssldsl.drawing.columns import Bundle, Cell, Slot, SlotOrder, bundles
from ssldsl.drawing.picture import DrawnEdge
from ssldsl.drawing.sizes import Size

SWEEPS = 24


@define
class Placing:
    """The tops of the cells of one stage. `middle`: where in a cell its lanes run, measured from its top."""

    order: SlotOrder
    height: dict[Cell, float]
    middle: dict[Cell, float]
    joined: dict[Cell, list[tuple[Cell, float]]]
    averages: frozenset[frozenset[str]] = frozenset()  # boxes with an arrow between them, if one is under the other
    top: dict[Cell, float] = field(factory=dict)

    def relax(self) -> dict[Cell, float]:
        """The tops, after sweeps to the right and to the left; the highest one is 0."""
        for i, column in enumerate(self.order.columns):
            y = 0.0
            for k, slot in enumerate(column):
                y += self._gap(column[k - 1], slot) if k else 0.0
                self.top[i, slot] = y
                y += self.height[i, slot]
        columns = list(range(len(self.order.columns)))
        for sweep in range(SWEEPS):
            for i in columns if sweep % 2 == 0 else columns[::-1]:
                self._settle(i)
        least = min(self.top.values(), default=0.0)
        return {cell: round(y - least, 1) for cell, y in self.top.items()}

    def _gap(self, above: Slot, below: Slot) -> float:
        boxes = bool(above.box) + bool(below.box)
        if frozenset({above.box, below.box}) in self.averages:
            return 36.0
        return (6.0, 10.0, 13.0)[boxes]

    def _settle(self, i: int) -> None:
        """Put one column where its neighbors pull it: least squares with room between, or isotonic regression."""
        column = self.order.columns[i]
        wishes, weights, offsets, y = [], [], [], 0.0
        for k, slot in enumerate(column):
            cell = (i, slot)
            y += self._gap(column[k - 1], slot) if k else 0.0
            pulls = [(self.top[c] + self.middle[c] - self.middle[cell], w) for c, w in self.joined.get(cell, ())]
            weight = sum(w for _, w in pulls)
            wish = sum(p * w for p, w in pulls) / weight if weight else self.top[cell]
            wishes.append(wish - y)
            weights.append(weight or 0.1)
            offsets.append(y)
            y += self.height[cell]
        for slot, base, offset in zip(column, isotonic(wishes, weights), offsets, strict=True):
            self.top[i, slot] = base + offset


def isotonic(values: list[float], weights: list[float]) -> list[float]:
    """The non-decreasing sequence nearest to the values (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        mean, total, count = value, weight, 1
        while pools and pools[-1][0] > mean:
            before, heavy, many = pools.pop()
            mean = (before * heavy + mean * total) / (heavy + total)
            total, count = total + heavy, count + many
        pools.append((mean, total, count))
    return [mean for mean, _, count in pools for _ in range(count)]


def placed(
    order: SlotOrder, edges: tuple[DrawnEdge, ...], sizes: Mapping[str, Size], column: Mapping[str, int], lane: float
) -> dict[Cell, float]:
    """The top of every cell of a stage."""
    bundle = bundles(edges, column)
    lanes = Counter((bundle[e.id], e.source, e.target) for e in edges if e.id in bundle)
    widest: dict[Bundle, int] = {}
    for (one, _, _), count in lanes.items():
        widest[one] = max(count, widest.get(one, 0))
    named = {bundle[e.id] for e in edges if e.kind == "label"}
    height: dict[Cell, float] = {}
    middle: dict[Cell, float] = {}
    for i, slots in enumerate(order.columns):
        for slot in slots:
            size = sizes.get(slot.box)
            height[i, slot] = size.height if size else widest[slot.bundle] * lane + (6 if slot.bundle in named else 0)
            middle[i, slot] = (height[i, slot] + (size.header if size else 0)) / 2
    averages = frozenset(frozenset({e.source, e.target}) for e in edges if e.kind == "ema")
    return Placing(order, height, middle, _joined(order, lanes, column), averages).relax()


def _joined(
    order: SlotOrder, lanes: Mapping[tuple[Bundle, str, str], int], column: Mapping[str, int]
) -> dict[Cell, list[tuple[Cell, float]]]:
    """The neighbors of every cell along the lanes, each with how strongly it pulls: bends more than ends."""
    joined: dict[Cell, list[tuple[Cell, float]]] = {}
    for (one, source, target), count in lanes.items():
        first, last = column[source], column[target]
        if first >= last:
            continue
        for a, b in pairwise([(first, Slot(box=source)), *order.chain(one), (last, Slot(box=target))]):
            weight = count * (1.0 + 2.0 * bool(a[1].bundle[0]) + 2.0 * bool(b[1].bundle[0]))
            joined.setdefault(a, []).append((b, weight))
            joined.setdefault(b, []).append((a, weight))
    return joined

"""Fewer crossings: slots sifted through their columns until none finds a better place."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from attrs import define, field

Vertex = int
MAX_ROUNDS = 12


@define
class Untangling:
    """The columns of one drawing. `links`: between neighboring columns, with weights.

    preference: what it costs to have the first above the second, besides crossings.
    """

    columns: list[list[Vertex]]
    links: Sequence[tuple[Vertex, Vertex, float]]
    preference: Callable[[Vertex, Vertex], float]
    _left: dict[Vertex, list[tuple[Vertex, float]]] = field(factory=dict)
    _right: dict[Vertex, list[tuple[Vertex, float]]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        for a, b, weight in self.links:
            self._right.setdefault(a, []).append((b, weight))
            self._left.setdefault(b, []).append((a, weight))

    def solve(self) -> float:
        """Sift until nothing changes; gives what the result costs."""
        there = range(len(self.columns))
        unsettled = set(there)  # columns that have moved, or one beside them, since they were last sifted
        for _ in range(MAX_ROUNDS):
            for i in (*there, *reversed(there)):
                if i in unsettled and not self._sift(self.columns[i]):
                    unsettled.remove(i)
                elif i in unsettled:
                    unsettled |= {i - 1, i + 1} & set(there)
        return self.cost()

    def cost(self) -> float:
        place = self._places()
        return sum(
            self._above(a, b, place) for column in self.columns for i, a in enumerate(column) for b in column[i + 1 :]
        )

    def _places(self) -> dict[Vertex, int]:
        return {v: i for column in self.columns for i, v in enumerate(column)}

    def _sift(self, column: list[Vertex]) -> bool:
        """Move each vertex of a column to where it costs least."""
        place, moved = self._places(), False
        cost = cache(lambda a, b: self._above(a, b, place))  # columns beside it stay as they are
        for vertex in list(column):
            here = column.index(vertex)
            others = [v for v in column if v != vertex]
            above = [cost(vertex, v) for v in others]
            below = [cost(v, vertex) for v in others]
            costs = [sum(below[:i]) + sum(above[i:]) for i in range(len(column))]
            best = min(range(len(column)), key=lambda i: (round(costs[i], 6), abs(i - here)))
            if costs[best] < costs[here] - 1e-6:
                column[:] = [*others[:best], vertex, *others[best:]]
                moved = True
        return moved

    def _above(self, a: Vertex, b: Vertex, place: Mapping[Vertex, int]) -> float:
        """What it costs to have `a` above `b`."""
        total = self.preference(a, b)
        for near in (self._left, self._right):
            for p, w in near.get(a, ()):
                total += sum(w * v for q, v in near.get(b, ()) if place[p] > place[q])
        return total

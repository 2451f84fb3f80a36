"""Which network of a list is the best: the one whose items of a term had the lowest mean over the last epoch."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import Factory, define

from ssldsl.graph.plan import StagePlan

Sums = dict[str, float]


@define
class Ranking:
    """Follows the items of the terms of a stage, epoch by epoch. All processes see the same numbers.

    last: the last step that was seen. sums, count: of the epoch under way. means: of the epoch before it.
    """

    items: Mapping[str, tuple[str, ...]]  # term -> its items, in order
    steps_per_epoch: int
    last: int = -1
    sums: Sums = Factory(dict)
    count: int = 0
    means: Sums = Factory(dict)

    @staticmethod
    def of(stage: StagePlan) -> "Ranking":
        items: dict[str, tuple[str, ...]] = {}
        for watch in stage.watches:
            if watch.of_term:
                items[watch.of_term] = (*items.get(watch.of_term, ()), watch.name)
        return Ranking(items, stage.steps_per_epoch)

    def see(self, first: int, names: Sequence[str], rows: Iterable[Sequence[float]]) -> None:
        """Take in those of some steps that are new. `first`: number of the first of them, from 0."""
        places = {name: i for i, name in enumerate(names)}
        for step, row in enumerate(rows, start=first):
            if step <= self.last:
                continue
            self.last, self.count = step, self.count + 1
            for name in (name for names in self.items.values() for name in names):
                self.sums[name] = self.sums.get(name, 0.0) + row[places[name]]
            if (step + 1) % self.steps_per_epoch == 0:
                self.means = {name: value / self.count for name, value in self.sums.items()}
                self.sums, self.count = {}, 0

    def best(self, term: str) -> int:
        """The number of the network with the lowest mean; of equals the first. What is no number is never best."""
        values = [self.means.get(name, self.sums.get(name, math.nan)) for name in self.items[term]]
        known = [value if math.isfinite(value) else math.inf for value in values]
        return known.index(min(known))

    def state(self) -> dict[str, Any]:
        """What a checkpoint has of it."""
        numbers = {name: [_plain(v) for v in values.values()] for name, values in self._kept().items()}
        names = {name: list(values) for name, values in self._kept().items()}
        return {"last": self.last, "count": self.count, "names": names, "numbers": numbers}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what a checkpoint has."""
        self.last, self.count = state["last"], state["count"]
        for name, kept in self._kept().items():
            kept.clear()
            numbers = (math.nan if v is None else v for v in state["numbers"][name])
            kept |= dict(zip(state["names"][name], numbers, strict=True))

    def _kept(self) -> dict[str, Sums]:
        return {"sums": self.sums, "means": self.means}


def _plain(value: float) -> float | None:
    """A number as JSON has it."""
    return value if math.isfinite(value) else None

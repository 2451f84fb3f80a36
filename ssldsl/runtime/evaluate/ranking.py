"""Which network of a list is the best: the one whose items of a term had the lowest mean over the last epoch."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from attrs import Factory, define

from ssldsl.graph.plan import StagePlan

Sums = dict[str, float]


@define
class Ranking:
    """Follows the items of the terms of a stage, epoch by epoch. All processes see the same numbers.

    Where updates take turns, a term is computed in some steps only: its mean is over those of the last epoch that has
    any.
    left_out: what is not computed in a step (from 0), when it is the turn of another update.
    last: the last step that was seen. sums, counts: of the epoch under way. means: of the last epoch with such steps.
    """

    items: Mapping[str, tuple[str, ...]]  # term -> its items, in order
    steps_per_epoch: int
    left_out: Callable[[int], Collection[str]] = lambda step: ()
    last: int = -1
    sums: Sums = Factory(dict)
    counts: Sums = Factory(dict)
    means: Sums = Factory(dict)

    @staticmethod
    def of(stage: StagePlan) -> "Ranking":
        items: dict[str, tuple[str, ...]] = {}
        for watch in stage.watches:
            if watch.of_term:
                items[watch.of_term] = (*items.get(watch.of_term, ()), watch.name)
        return Ranking(items, stage.steps_per_epoch, stage.left_out)

    def see(self, first: int, names: Sequence[str], rows: Iterable[Sequence[float]]) -> None:
        """Take in those of some steps that are new. `first`: number of the first of them, from 0."""
        ours = [name for items in self.items.values() for name in items]
        for step, row in enumerate(rows, start=first):
            if step <= self.last:
                continue
            values, left_out = dict(zip(names, row, strict=True)), self.left_out(step)
            for name in ours:
                if name not in left_out:
                    self.sums[name] = self.sums.get(name, 0.0) + values[name]
                    self.counts[name] = self.counts.get(name, 0) + 1
            self.last = step
            if (step + 1) % self.steps_per_epoch == 0:
                self.means |= self._of_this_epoch()
                self.sums, self.counts = {}, {}

    def _of_this_epoch(self) -> Sums:
        return {name: value / self.counts[name] for name, value in self.sums.items()}

    def best(self, term: str) -> int:
        """The number of the network with the lowest mean; of equals the first. What is no number is never best."""
        means = self._of_this_epoch() | self.means
        values = [means.get(name, math.nan) for name in self.items[term]]
        known = [value if math.isfinite(value) else math.inf for value in values]
        return known.index(min(known))

    def state(self) -> dict[str, Any]:
        """What a checkpoint has of it."""
        numbers = {name: [_plain(v) for v in values.values()] for name, values in self._kept().items()}
        names = {name: list(values) for name, values in self._kept().items()}
        return {"last": self.last, "names": names, "numbers": numbers}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what a checkpoint has."""
        self.last = state["last"]
        for name, kept in self._kept().items():
            kept.clear()
            numbers = (math.nan if v is None else v for v in state["numbers"][name])
            kept |= dict(zip(state["names"][name], numbers, strict=True))

    def _kept(self) -> dict[str, Sums]:
        return {"sums": self.sums, "counts": self.counts, "means": self.means}


def _plain(value: float) -> float | None:
    """A number as JSON has it."""
    return value if math.isfinite(value) else None

"""The best checkpoint of a stage, as `keep` asks for it: weights that are held until better ones come."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from attrs import Factory, define
from torch import Tensor, nn

from ssldsl.graph.plan import KeepPlan
from ssldsl.runtime.evaluate.ranking import Ranking
from ssldsl.runtime.evaluate.results import Results
from ssldsl.runtime.nets.averages import Moving
from ssldsl.runtime.train.loss_ring import Window

Tensors = dict[str, Tensor]


@define
class Best:
    """What a stage keeps. All processes see the same numbers, and so keep the same weights.

    held: the memories of the stage; what they hold is kept with the weights.
    value, step: the best so far, and how many steps were done; no value, no weights. seen, count: of a loss or a watch,
    the sum over the steps since the evaluation before that compute it, and how many they were; last: the last of them.
    """

    plan: KeepPlan
    modules: nn.ModuleDict
    moving: Moving | None
    ranking: Ranking | None = None
    value: float | None = None
    step: int = 0
    seen: float = 0.0
    count: int = 0
    last: int = -1
    weights: Tensors = Factory(dict)
    average: Tensors = Factory(dict)
    ranked: dict[str, Any] = Factory(dict)
    held: nn.ModuleDict = Factory(nn.ModuleDict)
    memories: Tensors = Factory(dict)

    def see(self, window: Window) -> None:
        """Take in those steps of a window that are new: one of its columns may be what decides."""
        if self.plan.name not in window.names:
            return
        column = window.names.index(self.plan.name)
        for step, row in enumerate(window.rows, start=window.first):
            if step > self.last and math.isfinite(row[column]) and self.plan.name not in window.left_out(step):
                self.seen, self.count = self.seen + row[column], self.count + 1
        self.last = max(self.last, window.first + len(window.rows) - 1)

    def offer(self, step: int, results: Results) -> None:
        """Keep the weights after so many steps if they are better than all before. Of equals the first stay."""
        value = results.get(self.plan.name, self.seen / self.count if self.count else None)
        self.seen, self.count = 0.0, 0
        if isinstance(value, float) and math.isfinite(value) and self._is_better(value):
            self.value, self.step = value, step
            self.weights = _copies(self.modules.state_dict())
            self.average = _copies(self.moving.average) if self.moving is not None else {}
            self.memories = _copies(self.held.state_dict())
            self.ranked = self.ranking.state() if self.ranking is not None else {}

    def _is_better(self, value: float) -> bool:
        if self.value is None:
            return True
        return value < self.value if self.plan.is_lowest else value > self.value

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside, networks, their average and memories are the best ones; afterwards what they were, to the bit."""
        live = [self.modules.state_dict(), self.moving.average if self.moving is not None else {}]
        live += [self.held.state_dict()]
        kept = [_copies(tensors) for tensors in live]
        ranked = self.ranking.state() if self.ranking is not None else {}
        _copy(live, [self.weights, self.average, self.memories])
        self._rank(self.ranked)
        try:
            yield
        finally:
            _copy(live, kept)
            self._rank(ranked)

    def _rank(self, ranked: Mapping[str, Any]) -> None:
        if self.ranking is not None and ranked:
            self.ranking.restore(ranked)

    def state(self) -> dict[str, Any]:
        """What a checkpoint has of it beside the tensors."""
        names = ("value", "step", "seen", "count", "last", "ranked")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: Mapping[str, Any], weights: Tensors, average: Tensors, memories: Tensors) -> None:
        """Put back what a checkpoint has."""
        self.value, self.step = state["value"], state["step"]
        self.seen, self.count, self.last = state["seen"], state["count"], state["last"]
        self.weights, self.average, self.memories = weights, average, memories
        self.ranked = state["ranked"]


def _copies(tensors: Mapping[str, Tensor]) -> Tensors:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


@torch.no_grad()
def _copy(targets: list[dict[str, Tensor]], sources: list[Tensors]) -> None:
    for target, source in zip(targets, sources, strict=True):
        for name, tensor in target.items():
            tensor.copy_(source[name])

"""Everything that a stage of a run has changed, as tensors and plain values, and back again without a bit lost."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import torch
from attrs import field, frozen
from torch import Tensor, nn
from torch.amp import GradScaler

from ssldsl.errors import InternalError
from ssldsl.graph.plan import NodePlan
from ssldsl.runtime.data.derived import Computed
from ssldsl.runtime.device.layout import follow_parameters
from ssldsl.runtime.evaluate.ranking import Ranking
from ssldsl.runtime.evaluate.stateful import StatefulMetrics
from ssldsl.runtime.folder.checkpoint import Checkpoint, Tensors, read_part, read_state
from ssldsl.runtime.folder.stage_end import BEST, BEST_AVERAGE, BEST_MEMORY
from ssldsl.runtime.nets.averages import Moving
from ssldsl.runtime.train.best import Best
from ssldsl.runtime.train.loss_ring import LossRing

State = dict[str, Any]
_BETWEEN = "::"  # parameter, then what the optimizer keeps of it


class RecurringData(Protocol):
    """Data that a stage computes again and again, as a part of its state."""

    def due(self, step: int, /) -> list[NodePlan]: ...
    def compute(self, nodes: Iterable[NodePlan], step: int, /) -> dict[str, Computed]: ...
    def state(self) -> dict[str, Tensor]: ...
    def restore(self, saved: Mapping[str, Tensor], /) -> None: ...


@frozen
class TrainState:
    """What changes while a stage trains. Moving averages that are nets are among the modules.

    optimizers: that of each update of a step, by its name; of a step that makes one, under no name.
    """

    modules: nn.ModuleDict
    optimizers: Mapping[str, torch.optim.Optimizer]
    ring: LossRing
    average: Moving | None = None
    scaler: GradScaler | None = None
    memories: nn.ModuleDict = field(factory=nn.ModuleDict)
    metrics: StatefulMetrics | None = None
    best: Best | None = None
    ranking: Ranking | None = None
    recurring: RecurringData | None = None

    def names(self) -> dict[Tensor, str]:
        """Name of every parameter; tensors are told apart by identity."""
        return {parameter: name for name, parameter in self.modules.named_parameters()}


def collect(state: TrainState) -> tuple[Tensors, State]:
    """The state: tensors by part, and the rest as what JSON can hold."""
    kept, plain = _optimizer_state(state)
    tensors: Tensors = {
        "weights": dict(state.modules.state_dict()),
        "optimizer": kept,
        "losses": {"window": state.ring.values},
    }
    if state.average is not None:
        tensors["average"] = state.average.average
    if state.memories:
        tensors["memory"] = dict(state.memories.state_dict())
    if state.metrics is not None and (remembered := state.metrics.state()):
        tensors["metrics"] = remembered
    if state.recurring is not None:
        tensors["recurring"] = state.recurring.state()
    if state.best is not None and state.best.value is not None:
        tensors[BEST] = state.best.weights
        tensors[BEST_AVERAGE] = state.best.average
        tensors[BEST_MEMORY] = state.best.memories
    best = {"best": state.best.state()} if state.best is not None else {}
    best |= {"ranking": state.ranking.state()} if state.ranking is not None else {}
    scaler = state.scaler.state_dict() if state.scaler is not None else {}
    return tensors, {"optimizer": plain, "scaler": scaler, **best}


def restore(state: TrainState, checkpoint: Checkpoint) -> None:
    """Put the state of a checkpoint back; what it holds must be what is there."""
    saved = read_state(checkpoint)
    state.modules.load_state_dict(read_part(checkpoint, "weights"))
    _restore_optimizers(state, read_part(checkpoint, "optimizer"), saved["optimizer"])
    state.ring.values.copy_(read_part(checkpoint, "losses")["window"])
    if state.memories:
        state.memories.load_state_dict(read_part(checkpoint, "memory"))
    if state.metrics is not None:
        state.metrics.kept = read_part(checkpoint, "metrics")
    if state.recurring is not None:
        state.recurring.restore(read_part(checkpoint, "recurring"))
    if state.average is not None:
        average = read_part(checkpoint, "average")
        if average.keys() != state.average.average.keys():
            raise InternalError(f"{checkpoint.folder} averages other weights: {sorted(average)[:3]}")
        for name, tensor in state.average.average.items():
            tensor.copy_(average[name])
    if state.best is not None:
        kept = (read_part(checkpoint, part) for part in (BEST, BEST_AVERAGE, BEST_MEMORY))
        state.best.restore(saved["best"], *kept)
    if state.ranking is not None:
        state.ranking.restore(saved["ranking"])
    if state.scaler is not None and saved["scaler"]:
        state.scaler.load_state_dict(saved["scaler"])


def _optimizer_state(state: TrainState) -> tuple[dict[str, Tensor], dict[str, Any]]:
    names = state.names()
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for update, optimizer in state.optimizers.items():
        for parameter, values in optimizer.state.items():
            for key, value in values.items():
                name = f"{_of(update)}{names[parameter]}{_BETWEEN}{key}"
                (tensors if isinstance(value, Tensor) else plain)[name] = value
    return tensors, plain


def _of(update: str) -> str:
    """How names begin of what the optimizer of an update keeps."""
    return f"{update}{_BETWEEN}" if update else ""


def _restore_optimizers(state: TrainState, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
    """Through the optimizers' own `load_state_dict`, which knows where each value belongs."""
    names = state.names()
    for update, optimizer in state.optimizers.items():
        saved = {n.removeprefix(_of(update)): v for n, v in {**plain, **tensors}.items() if n.startswith(_of(update))}
        own = optimizer.state_dict()
        numbers = {
            names[parameter]: number
            for group, numbered in zip(optimizer.param_groups, own["param_groups"], strict=True)
            for parameter, number in zip(group["params"], numbered["params"], strict=True)
        }
        kept: dict[int, dict[str, Any]] = {}
        for name, value in saved.items():
            parameter_name, key = name.rsplit(_BETWEEN, 1)
            kept.setdefault(numbers[parameter_name], {})[key] = value
        optimizer.load_state_dict({"state": kept, "param_groups": own["param_groups"]})
        follow_parameters(optimizer)

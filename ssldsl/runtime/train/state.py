"""Everything that a stage of a run has changed, as tensors and plain values, and back again without a bit lost."""

from typing import Any

import torch
from attrs import field, frozen
from torch import Tensor, nn
from torch.amp import GradScaler

from ssldsl.errors import InternalError
from ssldsl.runtime.device.layout import follow_parameters
from ssldsl.runtime.folder.checkpoint import Checkpoint, Tensors, read_part, read_state
from ssldsl.runtime.nets.averages import Moving
from ssldsl.runtime.train.loss_ring import LossRing

State = dict[str, Any]
_BETWEEN = "::"  # parameter, then what the optimizer keeps of it


@frozen
class Changing:
    """What changes while a stage trains. Moving averages that are nets are among the modules."""

    modules: nn.ModuleDict
    optimizer: torch.optim.Optimizer
    ring: LossRing
    average: Moving | None = None
    scaler: GradScaler | None = None
    memories: nn.ModuleDict = field(factory=nn.ModuleDict)

    def names(self) -> dict[Tensor, str]:
        """Name of every parameter; tensors are told apart by identity."""
        return {parameter: name for name, parameter in self.modules.named_parameters()}


def collect(changing: Changing) -> tuple[Tensors, State]:
    """The state: tensors by part, and the rest as what JSON can hold."""
    kept, plain = _optimizer_state(changing)
    tensors: Tensors = {
        "weights": dict(changing.modules.state_dict()),
        "optimizer": kept,
        "losses": {"window": changing.ring.values},
    }
    if changing.average is not None:
        tensors["average"] = changing.average.average
    if changing.memories:
        tensors["memory"] = dict(changing.memories.state_dict())
    scaler = changing.scaler.state_dict() if changing.scaler is not None else {}
    return tensors, {"optimizer": plain, "scaler": scaler}


def restore(changing: Changing, checkpoint: Checkpoint) -> None:
    """Put the state of a checkpoint back; what it holds must be what is there."""
    state = read_state(checkpoint)
    changing.modules.load_state_dict(read_part(checkpoint, "weights"))
    _restore_optimizer(changing, read_part(checkpoint, "optimizer"), state["optimizer"])
    changing.ring.values.copy_(read_part(checkpoint, "losses")["window"])
    if changing.memories:
        changing.memories.load_state_dict(read_part(checkpoint, "memory"))
    if changing.average is not None:
        saved = read_part(checkpoint, "average")
        if saved.keys() != changing.average.average.keys():
            raise InternalError(f"{checkpoint.folder} averages other weights: {sorted(saved)[:3]}")
        for name, tensor in changing.average.average.items():
            tensor.copy_(saved[name])
    if changing.scaler is not None and state["scaler"]:
        changing.scaler.load_state_dict(state["scaler"])


def not_finite_weights(modules: nn.ModuleDict) -> str | None:
    """Name of the first tensor with a value that is no finite number; one wait for the device."""
    found = {name: t for name, t in modules.state_dict().items() if t.is_floating_point() and t.numel()}
    if not found:
        return None
    finite = torch.stack([torch.isfinite(t).all() for t in found.values()]).tolist()
    return next((name for name, is_finite in zip(found, finite, strict=True) if not is_finite), None)


def _optimizer_state(changing: Changing) -> tuple[dict[str, Tensor], dict[str, Any]]:
    names = changing.names()
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for parameter, values in changing.optimizer.state.items():
        for key, value in values.items():
            name = f"{names[parameter]}{_BETWEEN}{key}"
            if isinstance(value, Tensor):
                tensors[name] = value
            else:
                plain[name] = value
    return tensors, plain


def _restore_optimizer(changing: Changing, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
    """Through the optimizer's own `load_state_dict`, which knows where each value belongs."""
    names = changing.names()
    own = changing.optimizer.state_dict()
    numbers = {
        names[parameter]: number
        for group, numbered in zip(changing.optimizer.param_groups, own["param_groups"], strict=True)
        for parameter, number in zip(group["params"], numbered["params"], strict=True)
    }
    state: dict[int, dict[str, Any]] = {}
    for name, value in {**plain, **tensors}.items():
        parameter_name, key = name.rsplit(_BETWEEN, 1)
        state.setdefault(numbers[parameter_name], {})[key] = value
    changing.optimizer.load_state_dict({"state": state, "param_groups": own["param_groups"]})
    follow_parameters(changing.optimizer)

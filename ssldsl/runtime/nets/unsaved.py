"""What a module keeps outside of its buffers and weights: no checkpoint has that."""

import copy
from collections import deque
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

_OWN = frozenset(vars(nn.Module()))  # what any module has
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, set, frozenset)


def outside_of_buffers(module: nn.Module) -> Mapping[str, Any]:
    """What a module of a person's own, and the modules in it, hold as plain attributes, as they are now."""
    return {
        f"{path}.{name}" if path else name: _copied(value)
        for path, part in module.named_modules()
        if not type(part).__module__.startswith("torch.")
        for name, value in vars(part).items()
        if name not in _OWN
    }


def changed_outside(before: Mapping[str, Any], module: nn.Module) -> str:
    """The first of these that is no longer what it was, or nothing."""
    now = outside_of_buffers(module)
    return next((name for name, value in now.items() if name not in before or not _same(before[name], value)), "")


def _copied(value: Any) -> Any:
    """Tensors and containers as they are now; what else there is, itself."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple, deque):
        return [_copied(item) for item in value]
    if type(value) in (set, frozenset, bytearray):
        return copy.copy(value)
    return {key: _copied(item) for key, item in value.items()} if type(value) is dict else value


def _same(before: Any, now: Any) -> bool:
    """Whether a value is what was copied of it."""
    if isinstance(before, Tensor) and isinstance(now, Tensor):
        return before.shape == now.shape and torch.equal(before, now)
    if isinstance(before, list) and isinstance(now, list | tuple | deque):
        return len(before) == len(now) and all(map(_same, before, now))
    if isinstance(before, dict) and isinstance(now, dict):
        return before.keys() == now.keys() and all(_same(value, now[key]) for key, value in before.items())
    return before is now or (isinstance(now, _PLAIN) and bool(before == now))

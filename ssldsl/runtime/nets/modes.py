"""Networks that run otherwise than their stage trains them, for one call.

The classes are plain ones: torch cannot compile through those of attrs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase  # what every batch and instance normalization derives from


class AtRest:
    """A module in evaluation mode: running statistics, no units dropped."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, *inputs: Tensor, **further: Tensor) -> Tensor:
        """Its forward pass; afterwards every part is in the mode it was in."""
        training = [part for part in self.module.modules() if part.training]
        try:
            for part in training:
                part.training = False
            return self.module(*inputs, **further)  # type: ignore[no-any-return]  # tensors, or tuples of them
        finally:
            for part in training:
                part.training = True


class Steady:
    """A module as it is trained that takes no note of what passes: it normalizes by the batch and records nothing."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, *inputs: Tensor, **further: Tensor) -> Tensor:
        """Its forward pass on copies of the buffers it could change; normalization layers are told not to track."""
        tracking = [m for m in self.module.modules() if isinstance(m, _NormBase) and m.training]
        copies = {
            f"{prefix}.{name}" if prefix else name: buffer.clone()
            for prefix, part in self.module.named_modules()
            if part.training and not isinstance(part, _NormBase)
            for name, buffer in part.named_buffers(recurse=False)
        }
        with _untracked([norm for norm in tracking if norm.track_running_stats]):
            if not copies:
                return self.module(*inputs, **further)  # type: ignore[no-any-return]  # tensors, or tuples of them
            return torch.func.functional_call(self.module, copies, inputs, further)  # type: ignore[no-any-return]


def unmoved(module: nn.Module | AtRest | Steady) -> AtRest | Steady:
    """A module that takes no note of what passes."""
    return module if isinstance(module, AtRest | Steady) else Steady(module)


@contextmanager
def _untracked(norms: list[_NormBase]) -> Iterator[None]:
    """Normalize by the statistics of the batch without recording them."""
    try:
        for norm in norms:
            norm.track_running_stats = False
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True

"""Networks as values: what an op receives where its signature says `Net`."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase  # what every batch and instance normalization derives from


class Composition:
    """Modules applied one after another, as one network. Owns nothing: the modules belong to the step."""

    def __init__(self, *modules: nn.Module) -> None:
        self.modules = modules

    def __call__(self, inputs: Tensor) -> Tensor:
        """The ordinary forward pass."""
        for module in self.modules:
            inputs = module(inputs)
        return inputs

    def frozen(self, inputs: Tensor) -> Tensor:
        """The same forward pass, leaving every buffer as it is."""
        for module in self.modules:
            inputs = _without_effects(module, inputs)
        return inputs


def _without_effects(module: nn.Module, inputs: Tensor) -> Tensor:
    """Run a module on copies of the buffers it could change; normalization layers are told not to track instead."""
    tracking = [m for m in module.modules() if isinstance(m, _NormBase) and m.training and m.track_running_stats]
    copies = {
        f"{prefix}.{name}" if prefix else name: buffer.clone()
        for prefix, part in module.named_modules()
        if part.training and not isinstance(part, _NormBase)
        for name, buffer in part.named_buffers(recurse=False)
    }
    with _untracked(tracking):
        if not copies:
            return module(inputs)  # type: ignore[no-any-return]  # modules of the library give tensors
        return torch.func.functional_call(module, copies, (inputs,))  # type: ignore[no-any-return]  # the same


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

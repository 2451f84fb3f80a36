"""How weights lie in memory, which changes how fast they are and nothing else, and how precise they are."""

import torch
from torch import Tensor, nn

from ssldsl.runtime.device.precision import MIXED, dtype_of


def put_on(modules: nn.Module, device: torch.device, precision: str) -> None:
    """Bring weights to a device, in the precision that they have there and laid out as it is fast there."""
    modules.to(device, dtype_of(precision))
    lay_out(modules, device, precision)


def lay_out(modules: nn.Module, device: torch.device, precision: str) -> None:
    """Let convolutions keep their channels last, where they run faster so: on the CPU, and in 16 bits everywhere."""
    if device.type == "cpu" or precision in MIXED:
        for module in modules.modules():
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=torch.channels_last)


def follow_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Let what an optimizer keeps of a parameter lie as the parameter does: else every update rearranges it."""
    for parameter, values in optimizer.state.items():
        for key, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape and value.stride() != parameter.stride():
                values[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)

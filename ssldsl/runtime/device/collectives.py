"""Values of all processes, with gradients: what an op needs that must see the rows of the whole batch.

Gradients are those of the sum of the processes' losses. Distributed training averages gradients over processes, so
the two together give the gradient of the mean loss: for a mean over rows, and for a loss that every process computes on
the gathered rows, that is the gradient of the loss of the joined batch.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


class _AllSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return all_sum(grads[0])  # itself differentiable

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        return all_sum(tangents[0])


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        parts = [torch.empty_like(value, memory_format=torch.contiguous_format) for _ in range(processes())]
        dist.all_gather(parts, value.contiguous())
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].contiguous().clone()
        dist.all_reduce(total)
        return total.chunk(processes())[dist.get_rank()]


def all_sum(value: Tensor) -> Tensor:
    """The sum of the processes' values."""
    if processes() == 1:
        return value
    return _AllSum.apply(value)  # type: ignore[no-any-return]  # torch does not annotate apply


def gather(value: Tensor) -> Tensor:
    """The rows of all processes, in the order of the processes. Every process must give the same number of rows."""
    if processes() == 1:
        return value
    return _Gather.apply(value)  # type: ignore[no-any-return]  # torch does not annotate apply


def local(value: Tensor) -> Tensor:
    """Of rows gathered from all processes, those of this process."""
    return value.chunk(processes())[dist.get_rank()] if processes() > 1 else value

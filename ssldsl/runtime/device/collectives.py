"""Values of all processes, with gradients: what an op needs that must see the rows of the whole batch.

Gradients are those of the sum of the processes' losses. Distributed training averages gradients over processes, so
the two together give the gradient of the mean loss: for a mean over rows, and for a loss that every process computes on
the gathered rows, that is the gradient of the loss of the joined batch.
"""

from collections.abc import Sequence
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


def gather(value: Tensor, parts: Sequence[int] = (1,)) -> Tensor:
    """The rows of all processes, in the order of the processes. Every process must give the same number of rows.

    parts: of several batches that lie one after another, how many rows each has, up to a factor: each is gathered by
        itself, so that they lie as they would in one process.
    """
    if processes() == 1:
        return value
    whole: Tensor = _Gather.apply(value)
    if len(parts) == 1:
        return whole
    each = torch.split(whole.view(processes(), len(value), *value.shape[1:]), _sizes(len(value), parts), dim=1)
    return torch.cat([rows.flatten(0, 1) for rows in each])


def local(value: Tensor, parts: Sequence[int] = (1,)) -> Tensor:
    """Of rows gathered from all processes, those of this process. `parts`: as they were gathered."""
    if processes() == 1:
        return value
    each = [rows.chunk(processes())[dist.get_rank()] for rows in torch.split(value, _sizes(len(value), parts))]
    return each[0] if len(each) == 1 else torch.cat(each)


def _sizes(rows: int, parts: Sequence[int]) -> list[int]:
    return [rows * part // sum(parts) for part in parts]

"""Changes of some rows of a batch: where it is cheap to know which, the others are not computed."""

from collections.abc import Callable

import torch
from torch import Tensor

AT_ONCE = 2**18  # numbers, so that a change of several operations finds them in the cache of a core


def can_be_looked_at(values: Tensor) -> bool:
    """Whether numbers may steer what is computed: not where the processor waits for them, or a graph is recorded."""
    return values.is_cpu and not torch.compiler.is_compiling()


def change_some(images: Tensor, chosen: Tensor, change: Callable[..., Tensor], *amounts: Tensor) -> Tensor:
    """The images, those of the rows that are chosen (batch) changed.

    change: gets images, and of every one of `amounts` (batch, ...) the rows that belong to them.
    """
    if not can_be_looked_at(chosen):
        return torch.where(chosen.view(-1, 1, 1, 1), change(images, *amounts), images)
    rows = chosen.nonzero().squeeze(1)
    if len(rows) == 0:
        return images
    if len(images) == 1:
        return change(images, *amounts)
    result = images.clone()
    at_once = max(1, AT_ONCE // images[0].numel())
    for part in torch.split(rows, at_once):
        if at_once == 1:
            one = slice(int(part), int(part) + 1)
            result[one] = change(images[one], *(amount[one] for amount in amounts))
        else:
            result.index_copy_(0, part, change(images[part], *(amount[part] for amount in amounts)))
    return result

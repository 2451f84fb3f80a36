"""Which samples a step takes: a function of the step, so that nothing needs to be remembered to go on from any of them.

A stream passes over its data again and again, each pass in an order of its own. The passes follow one another without a
gap and without dropping a sample; step k takes the samples from `k * rows` up to `(k + 1) * rows` of that sequence.
"""

from collections import OrderedDict
from collections.abc import Iterator

import torch
from attrs import Factory, define, frozen
from torch import Tensor

from ssldsl.ops.random import batch_generator, key_of

_KEPT = 3


@frozen
class Stretch:
    """Samples `start` up to `stop` of one pass."""

    number: int
    start: int
    stop: int


def stretches(first: int, last: int, size: int) -> Iterator[Stretch]:
    """The positions `first` up to `last` of the sequence, pass by pass, for data of `size` samples."""
    while first < last:
        number, start = divmod(first, size)
        stop = min(size, start + last - first)
        yield Stretch(number, start, stop)
        first += stop - start


@define
class Order:
    """The order of a stream's samples in every pass. `ids`: number of every sample, for randomness to follow."""

    key: int
    ids: Tensor
    device: torch.device
    _passes: OrderedDict[int, tuple[Tensor, Tensor, Tensor]] = Factory(OrderedDict)

    @staticmethod
    def of(seed: int, stage: str, stream: str, ids: Tensor, device: torch.device | str = "cpu") -> "Order":
        return Order(key_of(seed, stage, "order", stream), ids, torch.device(device))

    def rows(self, first: int, last: int) -> tuple[Tensor, Tensor, Tensor]:
        """Position in the data, number of the sample, and number of the pass, of a stretch of the sequence."""
        parts = []
        for stretch in stretches(first, last, len(self.ids)):
            parts.append([t[stretch.start : stretch.stop] for t in self._pass(stretch.number)])
        if len(parts) == 1:
            return parts[0][0], parts[0][1], parts[0][2]
        positions, ids, passes = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        return positions, ids, passes

    def _pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """The whole of one pass, on the device."""
        if number not in self._passes:
            size = len(self.ids)
            positions = torch.randperm(size, generator=batch_generator(self.key, number))
            whole = (positions, self.ids[positions], torch.full((size,), number))
            self._passes[number] = tuple(_moved(tensor, self.device) for tensor in whole)  # type: ignore[assignment]  # three
            while len(self._passes) > _KEPT:
                self._passes.popitem(last=False)
        return self._passes[number]


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on the device; the host does not wait for the copy."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)

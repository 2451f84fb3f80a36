"""Which samples a step takes: a function of the step, so that nothing needs to be remembered to go on from any of them.

A stream passes over its data again and again, each pass in an order of its own. The passes follow one another without a
gap and without dropping a sample; step k takes the samples from `k * rows` up to `(k + 1) * rows` of that sequence.
A balanced stream takes its groups of samples in turn instead, each of which is passed over for itself.
"""

from collections import OrderedDict
from collections.abc import Iterator

import torch
from attrs import Factory, define, frozen
from torch import Tensor

from ssldsl.ops.random import Rows, batch_generator, key_of

_KEPT = 3
_LENGTH = 4096  # samples of a block, at least: small data are laid out for many steps at once

Block = tuple[Tensor, Rows]


@frozen
class Stretch:
    """Samples `start` up to `stop` of one block of the sequence."""

    number: int
    start: int
    stop: int


def stretches(first: int, last: int, size: int) -> Iterator[Stretch]:
    """The positions `first` up to `last` of the sequence, block by block, for blocks of `size` samples."""
    while first < last:
        number, start = divmod(first, size)
        stop = min(size, start + last - first)
        yield Stretch(number, start, stop)
        first += stop - start


@define
class SampleOrder:
    """The order of a stream's samples in every pass. `ids`: number of every sample, for randomness to follow.

    groups: of a balanced stream, the group of every sample. The sequence goes in rounds that hold a sample of every
    group, and of a group every sample once before any of them again: `n` rows a group are in each batch of `n` rounds.
    The sequence is made in blocks of whole passes, and what it gives are views of them where a block allows it.
    """

    key: int
    ids: Tensor
    device: torch.device
    groups: Tensor | None = None
    _blocks: OrderedDict[int, Block] = Factory(OrderedDict)

    @staticmethod
    def of(
        seed: int,
        stage: str,
        stream: str,
        ids: Tensor,
        device: torch.device | str = "cpu",
        groups: Tensor | None = None,
    ) -> "SampleOrder":
        return SampleOrder(key_of(seed, stage, "order", stream), ids, torch.device(device), groups)

    @property
    def _passes(self) -> int:
        """How many passes make a block."""
        return -(-_LENGTH // len(self.ids))

    def rows(self, first: int, last: int) -> Block:
        """Position in the data, and which sample it is, of a stretch of the sequence."""
        parts = [self._part(stretch) for stretch in stretches(first, last, self._passes * len(self.ids))]
        if len(parts) == 1:
            return parts[0]
        positions = torch.cat([part[0] for part in parts])
        return positions, Rows(*map(torch.cat, zip(*(part[1] for part in parts), strict=True)))

    def _part(self, stretch: Stretch) -> Block:
        positions, rows = self._block(stretch.number)
        start, stop = stretch.start, stretch.stop
        return positions[start:stop], Rows(*(part[start:stop] for part in rows))

    def _block(self, number: int) -> Block:
        """The whole of one block, on the device."""
        if number not in self._blocks:
            passes = range(number * self._passes, (number + 1) * self._passes)
            positions, epoch = self._shuffled(passes) if self.groups is None else self._balanced(passes, self.groups)
            rows = Rows(self.ids[positions], epoch, torch.zeros_like(epoch))
            self._blocks[number] = _moved(positions, self.device), Rows(*(_moved(part, self.device) for part in rows))
            while len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        return self._blocks[number]

    def _shuffled(self, passes: range) -> tuple[Tensor, Tensor]:
        """Positions in the data, all of them in every pass, and of each the pass."""
        size = len(self.ids)
        orders = [torch.randperm(size, generator=batch_generator(self.key, n)) for n in passes]
        return torch.cat(orders), torch.cat([torch.full((size,), n) for n in passes])

    def _balanced(self, passes: range, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Positions in the data, a sample of every group in turn, and how often each was taken before."""
        found, group = torch.unique(groups, return_inverse=True)
        count, size = len(found), len(self.ids)
        place = torch.arange(passes.start * size, passes.stop * size)
        uses = place // count
        turns = [torch.randperm(count, generator=batch_generator(self.key, 0, n)) for n in _span(uses)]
        chosen = torch.stack(turns)[uses - uses[0], place % count]
        positions, epoch = torch.empty_like(place), torch.empty_like(place)
        for number, rows in enumerate(_rows_of_each(chosen, count)):
            if len(rows):
                members = (group == number).nonzero().squeeze(1)
                epoch[rows] = uses[rows] // len(members)
                orders = [self._members(members, number, n) for n in _span(epoch[rows])]
                positions[rows] = torch.stack(orders)[epoch[rows] - epoch[rows[0]], uses[rows] % len(members)]
        return positions, epoch

    def _members(self, members: Tensor, group: int, number: int) -> Tensor:
        """The samples of a group in the order of one pass over them."""
        return members[torch.randperm(len(members), generator=batch_generator(self.key, 1, group, number))]


def _span(numbers: Tensor) -> range:
    """From the first of ascending numbers to the last."""
    return range(int(numbers[0]), int(numbers[-1]) + 1)


def _rows_of_each(group: Tensor, count: int) -> tuple[Tensor, ...]:
    """The rows of every group, ascending."""
    return torch.split(group.argsort(stable=True), group.bincount(minlength=count).tolist())


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on the device; the host does not wait for the copy."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)

"""Randomness as a function of (seed, stage, draw, pass, sample, copy): the same numbers on any device, in any worker, in any order.

A counter-based generator (Philox 4x32-10) turns a key and a counter into numbers, so nothing is stored and nothing advances.
"""

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor


class Rows(NamedTuple):
    """Which samples the rows of a batch are.

    index: number of the sample in its data set, int64 (batch).
    epoch: how many times the stream had passed over its data before this draw, int64 (batch).
    copy: which copy of the sample, where a view multiplies rows, int64 (batch).
    """

    index: Tensor
    epoch: Tensor
    copy: Tensor

    def repeat(self, times: int) -> "Rows":
        """Every row `times` times running, each copy with its own number."""
        copies = torch.arange(times, device=self.index.device).repeat(len(self.index))
        index, epoch, copy = (t.repeat_interleave(times) for t in self)
        return Rows(index, epoch, copy * times + copies)


def key_of(seed: int, *names: str) -> int:
    """The 64-bit key of a draw: the experiment's seed, then stage and draw."""
    text = "\x00".join([str(seed), *names])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")

"""Randomness as a function of (seed, stage, draw, pass, sample, copy): the same on any device, in any worker and order.

A counter-based generator (`ssldsl.ops.philox`) turns a key and a counter into numbers, so nothing is stored and nothing
advances.
"""

import hashlib
import math
from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops.philox import random_words
from ssldsl.ops.philox_cache import cached_words


class Rows(NamedTuple):
    """Which samples the rows of a batch are.

    index: number of the sample in its data set, int64 (batch).
    epoch: how many times the stream had passed over its data before this draw, int64 (batch).
    copy: which copy of the sample, where a view multiplies rows, int64 (batch).
    """

    index: Tensor  # type: ignore[assignment]  # hides `tuple.index`, which nobody calls
    epoch: Tensor
    copy: Tensor

    def repeat(self, times: int) -> "Rows":
        """Every row `times` times running, each copy with its own number."""
        copies = torch.arange(times, device=self.index.device).repeat(len(self.index))
        index, epoch, copy = (t.repeat_interleave(times) for t in self)
        return Rows(index, epoch, copy * times + copies)

    @staticmethod
    def joined(*parts: "Rows") -> "Rows":
        """The rows of all parts in order. A sample that is in two of them is there as two copies."""
        numbered = [Rows(p.index, p.epoch, p.copy * len(parts) + i) for i, p in enumerate(parts)]
        return Rows(*map(torch.cat, zip(*numbered, strict=True)))


def key_of(seed: int, *names: str) -> int:
    """The 64-bit key of a draw: the experiment's seed, then stage and draw."""
    text = "\x00".join([str(seed), *names])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def batch_generator(key: int, *numbers: int) -> torch.Generator:
    """A generator on the CPU for what concerns a whole batch or pass, such as its order: always the same for a key."""
    return torch.Generator().manual_seed(key_of(key, *map(str, numbers)))


TRIES = 8  # of a Gamma number; that none of them is accepted has a probability below 4e-11


class SampleRng:
    """Random numbers of a batch: those of a row depend on the key and on its sample, pass and copy, on no other row.

    Every call gives new numbers, in the order of the calls. Results have a row for every row of the batch.
    draws: the keys of one or several draws, each with its rows.
    """

    def __init__(self, key: int, rows: Rows, device: torch.device | str | None = None) -> None:
        self.draws: tuple[tuple[int, Rows], ...] = (
            (key, rows if device is None else Rows(*(t.to(device) for t in rows))),
        )
        self.calls = 0

    @staticmethod
    def joined(*parts: "SampleRng") -> "SampleRng":
        """The numbers of several draws, one below the other: every row has those that its draw alone would give it."""
        made = parts[0].again()
        made.draws = tuple(draw for part in parts for draw in part.draws)
        return made

    def again(self) -> "SampleRng":
        """The same numbers from the beginning."""
        made = SampleRng(*self.draws[0])
        made.draws = self.draws
        return made

    def between(self, first: int, last: int) -> "SampleRng":
        """The same numbers from the beginning, of the rows from `first` up to `last` alone."""
        parts, start = [], 0
        for key, rows in self.draws:
            part = slice(max(first - start, 0), max(last - start, 0))
            parts.append(SampleRng(key, Rows(*(t[part] for t in rows))))
            start += len(rows.index)
        return SampleRng.joined(*parts)

    @property
    def rows(self) -> Rows:
        """Which samples the rows of the batch are."""
        if len(self.draws) == 1:
            return self.draws[0][1]
        return Rows(*map(torch.cat, zip(*(rows for _, rows in self.draws), strict=True)))

    @property
    def _exact(self) -> torch.dtype:
        """64 bits make the last digits of a row independent of where in memory it lies and of the device."""
        return torch.float32 if self.draws[0][1].index.device.type == "mps" else torch.float64

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Float32 numbers from `low` up to `high`, which rounding alone can reach; of [0, 1) the multiples of 2^-24."""
        fractions = (self._words(shape) >> 8).to(torch.float32) * 2.0**-24
        return fractions if (low, high) == (0.0, 1.0) else low + (high - low) * fractions

    def normal(self, *shape: int) -> Tensor:
        """Float32 numbers of mean 0 and variance 1, at most 6.8 from 0, by the method of Box and Muller."""
        count = math.prod(shape)
        words = self._words((2, (count + 1) // 2))
        radius, angle = ((words.to(self._exact) + 0.5) * 2.0**-32).unbind(dim=1)
        radius = (-2.0 * radius.log()).sqrt()
        angle = 2.0 * math.pi * angle
        both = torch.cat((radius * angle.cos(), radius * angle.sin()), dim=1)
        return both[:, :count].to(torch.float32).reshape(-1, *shape)

    def integers(self, *shape: int, low: int = 0, high: int) -> Tensor:
        """Int64 numbers from `low` up to, not including, `high`; no probability is off by more than 2^-32."""
        span = high - low
        if not 0 < span <= 2**31:
            raise ValueError(f"integers from {low} up to {high}: wanted are 1 to 2**31 different ones")
        numbers = self._words(shape) * span >> 32
        return numbers + low if low else numbers

    def beta(self, a: float, b: float, *shape: int) -> Tensor:
        """Float32 numbers in [0, 1] of the distribution Beta(a, b), for any a and b above 0.

        Two Gamma numbers by the method of Marsaglia and Tsang, in logarithms: those of small shapes underflow.
        """
        first, second = self._log_gamma(a, shape), self._log_gamma(b, shape)
        return (first - second).sigmoid().to(torch.float32)

    def permutation(self) -> Tensor:
        """The numbers of the rows in a random order, int64 (batch): every order is as likely as any other."""
        return self._words((1,)).squeeze(1).argsort(stable=True)

    def _log_gamma(self, alpha: float, shape: tuple[int, ...]) -> Tensor:
        """Logarithms of Gamma(alpha, 1): the first of `TRIES` that is accepted, so that no loop waits for the numbers.

        Each is accepted with a probability above 0.95 (for a shape above 1, which a power of a uniform number lowers).
        """
        exact = self._exact
        d = alpha + (1.0 if alpha < 1 else 0.0) - 1.0 / 3.0
        x = self.normal(*shape, TRIES).to(exact)
        u, power = (self.uniform(*shape, count).to(exact) + 2.0**-25 for count in (TRIES, 1))
        log_v = 3.0 * (1.0 + x / math.sqrt(9.0 * d)).clamp(min=1e-30).log()
        accepted = u.log() < 0.5 * x.square() + d - d * log_v.exp() + d * log_v
        first = accepted.to(torch.uint8).argmax(dim=-1, keepdim=True)
        found = math.log(d) + log_v.gather(-1, first)
        return (found + power.log() / alpha if alpha < 1 else found).squeeze(-1)

    def bernoulli(self, p: float, *shape: int) -> Tensor:
        """True with probability `p`, exactly never for 0 and always for 1."""
        return self.uniform(*shape) < p

    def _words(self, shape: tuple[int, ...]) -> Tensor:
        """New 32-bit words as int64, (batch, *shape), only to be read."""
        words = [_words_of(rows, key ^ self.calls, math.prod(shape)) for key, rows in self.draws]
        self.calls += 1
        return (words[0] if len(words) == 1 else torch.cat(words)).reshape(-1, *shape)


def _words_of(rows: Rows, key: int, count: int) -> Tensor:
    words = None if torch.compiler.is_compiling() else cached_words(rows, key, count)
    return random_words(rows, key, count) if words is None else words

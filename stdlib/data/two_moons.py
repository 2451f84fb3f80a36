"""Two half circles that reach into one another."""

import math
from functools import partial

import torch

from ssldsl.ops import NonNegativeFloat, NonNegativeInt, PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.random import key_of
from ssldsl.ops.samples import MemorySamples, SplitsOnUse


def moons(count: int, noise: float, seed: int, split: str) -> MemorySamples:
    """Points at random places of the two half circles, by turns on one and on the other."""
    generator = torch.Generator().manual_seed(key_of(seed, "two_moons", split) % 2**63)
    angle = torch.rand(count, generator=generator) * math.pi
    label = torch.arange(count) % 2
    upper = torch.stack([angle.cos(), angle.sin()], dim=1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
    points = torch.where(label.view(-1, 1) == 0, upper, lower)
    return MemorySamples.of(
        "two_moons", vector=points + noise * torch.randn(count, 2, generator=generator), label=label
    )


@op(splits={"train": "n", "test": "test"}, fields={"vector": "2"}, classes=2)
def two_moons(
    *, n: PositiveInt = 1000, noise: NonNegativeFloat = 0.1, seed: NonNegativeInt = 0, test: PositiveInt = 1000
) -> Splits:
    r"""Two moons: `n` training and `test` test points in two interleaved half circles, with Gaussian noise.

    $$ (\cos t, \sin t) \text{ and } (1 - \cos t, \tfrac12 - \sin t), \quad t \sim U(0, \pi) $$

    Half of the points are in each class; `noise` is the standard deviation. Source: common practice; no paper.
    """
    readers = {name: partial(moons, count, noise, seed, name) for name, count in (("train", n), ("test", test))}
    return SplitsOnUse("two_moons", traits_of(two_moons), readers, n=n, test=test)

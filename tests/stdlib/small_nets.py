"""Networks as values for ops that take one, and random numbers that a test has written down."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.nets.convnet import GroupNorm


class FrozenOnly:
    """A network that may only be run without touching its statistics; remembers what it was given."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function
        self.inputs: list[Tensor] = []

    def __call__(self, inputs: Tensor) -> Tensor:
        raise AssertionError("the ordinary forward pass moves running statistics")

    def frozen(self, inputs: Tensor) -> Tensor:
        self.inputs.append(inputs)
        return self.function(inputs)


class Written:
    """A generator whose normal numbers are written down."""

    def __init__(self, numbers: Tensor) -> None:
        self.numbers = numbers

    def normal(self, *shape: int) -> Tensor:
        return self.numbers.view(-1, *shape)


def rng_for(batch: int, key: int = 7) -> SampleRng:
    """The random numbers of samples 0 to batch - 1."""
    index = torch.arange(batch)
    return SampleRng(key, Rows(index, torch.zeros_like(index), torch.zeros_like(index)))


def conv_classifier(classes: int = 5, norm: str = "group") -> nn.Sequential:
    """A small smooth convolutional classifier, in training mode."""
    normalized = {"group": GroupNorm(2, 8), "batch": nn.BatchNorm2d(8), "none": nn.Identity()}[norm]
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        normalized,
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, classes),
    )

"""Random numbers and images for the tests of views."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ssldsl.ops.random import Rows, SampleRng


def rng_of(index: Tensor, key: int = 7, epoch: int = 0) -> SampleRng:
    """The random numbers of the given samples."""
    return SampleRng(key, Rows(index, torch.full_like(index, epoch), torch.zeros_like(index)))


@pytest.fixture
def rng() -> Callable[..., SampleRng]:
    """`rng(batch)` or `rng(index)`: the random numbers of samples 0 to batch - 1, or of these ones."""

    def make(samples: int | Tensor, key: int = 7, epoch: int = 0) -> SampleRng:
        return rng_of(torch.arange(samples) if isinstance(samples, int) else samples, key, epoch)

    return make


@pytest.fixture
def photos() -> Tensor:
    """Six color images of 24 by 32 pixels, with smooth structure and noise."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(6, 3, 4, 4, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(24, 32), mode="bilinear")
    return (0.8 * smooth + 0.2 * torch.rand(6, 3, 24, 32, generator=generator)).clamp(0, 1)

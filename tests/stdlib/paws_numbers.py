"""The crops and the support whose worked numbers hold PAWS."""

import torch
from torch import Tensor

from ssldsl.stdlib.targets.one_hot import one_hot
from ssldsl.stdlib.targets.sharpen import sharpen
from ssldsl.stdlib.targets.soft_nearest_neighbors import soft_nearest_neighbors


def double(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


SUPPORT = double([[1, 0], [0, 1], [0.8, 0.6], [-0.6, 0.8]])
TRUTH = one_hot(torch.tensor([0, 1, 0, 1]), classes=2, smoothing=0.1)


CROPS = [double([[0.9, 0.1], [0.2, 0.7]]), double([[0.7, 0.5], [0.1, 0.9]]), double([[0.6, 0.4], [0.3, 0.8]])]


def guesses() -> list[Tensor]:
    return [soft_nearest_neighbors(crop, SUPPORT, TRUTH) for crop in CROPS]


def targets() -> list[Tensor]:
    return [sharpen(p, temperature=0.25) for p in guesses()[:2]]

# ruff: noqa: F722, F821  # shapes in annotations are no forward references
"""Ops of a user's own file, for what the library has no op to provoke: dropout, and ops that fail."""

import errno
import os

import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Labels, Logits, NonNegativeFloat, PositiveInt, Scalar, Scheduled, op


@op(random=True)
class LinearWithDropout(nn.Module):
    """An affine map behind dropout."""

    def __init__(self, dim: PositiveInt, classes: PositiveInt) -> None:
        super().__init__()
        self.map = nn.Linear(dim, classes)

    def forward(self, features: Features[Tensor, "batch dim"]) -> Logits[Tensor, "batch classes"]:
        logits: Tensor = self.map(nn.functional.dropout(features, 0.5, self.training))
        return logits


@op()
class Moved(nn.Module):
    """How far the mean logits have moved since the last evaluation."""

    def __init__(self, classes: PositiveInt) -> None:
        super().__init__()
        self.register_buffer("before", torch.zeros(classes))

    def forward(self, logits: Logits[Tensor, "samples classes"]) -> Scalar[Tensor, ""]:
        return torch.dist(logits.mean(dim=0), self.before)

    def commit(self, logits: Tensor) -> None:
        self.before.copy_(logits.mean(dim=0))


@op()
def infinite_once_zero(
    logits: Logits[Tensor, "batch classes"], labels: Labels[Tensor, "batch"], *, factor: Scheduled[NonNegativeFloat]
) -> Scalar[Tensor, ""]:
    """Minus the logarithm of the factor, beside a zero that depends on the logits."""
    zero = 0.0 * logits.mean()
    return zero - torch.as_tensor(factor, device=logits.device).log()


@op()
def confused_shapes(logits: Logits[Tensor, "batch classes"], labels: Labels[Tensor, "batch"]) -> Scalar[Tensor, ""]:
    """A mistake that only the run shows."""
    return (logits.flatten() + labels).mean()


@op()
def unreduced(logits: Logits[Tensor, "batch classes"], labels: Labels[Tensor, "batch"]) -> Scalar[Tensor, ""]:
    """A loss for every row, where one is promised."""
    return logits.gather(1, labels[:, None]).squeeze(1)


@op()
def hungry(logits: Logits[Tensor, "batch classes"], labels: Labels[Tensor, "batch"]) -> Scalar[Tensor, ""]:
    """Wants more memory than any machine has."""
    return logits.mean() + torch.empty(2**50, 64).mean()


def no_space(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

"""Signatures of ops that later papers bring. Only their annotations are read."""

# ruff: noqa: F722, F821  # shapes in annotations are no forward references

from typing import Any

import torch
from torch import Tensor, nn

from ssldsl.ops import op
from ssldsl.ops.kinds import (
    Detached,
    Embeddings,
    Features,
    Labels,
    Logits,
    NonNegativeFloat,
    NonNegativeInt,
    Pairs,
    PositiveFloat,
    PositiveInt,
    Probs,
    Scalar,
    Scheduled,
)


@op(role="heads")
class Prototypes(nn.Module):
    """Unit prototypes."""

    def __init__(self, dim: PositiveInt, classes: PositiveInt) -> None:
        super().__init__()

    def forward(self, embeddings: Embeddings[Tensor, "batch dim"]) -> Logits[Tensor, "batch classes"]:
        """Scores."""
        raise NotImplementedError


@op(role="targets")
def sinkhorn(
    logits: Detached[Logits[Tensor, "batch classes"]],
    *,
    eps: PositiveFloat = 0.05,
    iterations: PositiveInt = 3,
    queue: NonNegativeInt = 0,
) -> Probs[Tensor, "batch classes"]:
    """Codes."""
    raise NotImplementedError


@op(role="losses")
def swapped_cross_entropy(
    logits: list[Logits[Tensor, "batch classes"]],
    codes: list[Detached[Probs[Tensor, "batch classes"]]],
    *,
    temperature: PositiveFloat = 0.1,
) -> Scalar[Tensor, ""]:
    """Swapped prediction."""
    raise NotImplementedError


@op(role="optimizers")
def lars(
    parameters: list[dict[str, Any]], *, lr: Scheduled[PositiveFloat], weight_decay: Scheduled[NonNegativeFloat] = 0.0
) -> torch.optim.Optimizer:
    """LARS."""
    raise NotImplementedError


@op(role="losses")
def pairwise_bce(
    p: Probs[Tensor, "batch classes"], q: Probs[Tensor, "batch classes"], target: Detached[Pairs[Tensor, "batch batch"]]
) -> Scalar[Tensor, ""]:
    """Pairwise."""
    raise NotImplementedError


@op(role="targets")
def nearest_pairs(
    features: Detached[Features[Tensor, "batch dim"]], *, k: PositiveInt = 20
) -> Pairs[Tensor, "batch batch"]:
    """Pairs."""
    raise NotImplementedError


@op(role="targets")
def cosine_pairs(
    features: Detached[Features[Tensor, "batch dim"]], *, threshold: PositiveFloat = 0.9
) -> Pairs[Tensor, "batch batch"]:
    """Which rows point the same way."""
    raise NotImplementedError


@op(role="metrics")
def hungarian_accuracy(logits: Logits[Tensor, "n classes"], labels: Labels[Tensor, "n"]) -> float:
    """Accuracy."""
    raise NotImplementedError

"""What a file of the standard library, or a user's own op file, imports. This package does not import torch.

Each name is imported when it is first used: the front end reads op files without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssldsl.ops.decorator import op
    from ssldsl.ops.kinds import (
        Alike,
        Averaged,
        Count,
        Detached,
        Duration,
        Embeddings,
        Features,
        File,
        Fraction,
        Images,
        Labels,
        Logits,
        Losses,
        Masks,
        NonNegativeFloat,
        NonNegativeInt,
        Pairs,
        Places,
        Points,
        Positions,
        PositiveFloat,
        PositiveInt,
        Probs,
        Scalar,
        Schedule,
        Scheduled,
        Scores,
        Time,
        Values,
        Vectors,
        Weights,
    )

__all__ = [
    "Alike",
    "Averaged",
    "Count",
    "Detached",
    "Duration",
    "Embeddings",
    "Features",
    "File",
    "Fraction",
    "Images",
    "Labels",
    "Logits",
    "Losses",
    "Masks",
    "NonNegativeFloat",
    "NonNegativeInt",
    "Pairs",
    "Places",
    "Points",
    "Positions",
    "PositiveFloat",
    "PositiveInt",
    "Probs",
    "Scalar",
    "Schedule",
    "Scheduled",
    "Scores",
    "Time",
    "Values",
    "Vectors",
    "Weights",
    "op",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module `ssldsl.ops` has no attribute `{name}`")
    return getattr(import_module("ssldsl.ops.decorator" if name == "op" else "ssldsl.ops.kinds"), name)

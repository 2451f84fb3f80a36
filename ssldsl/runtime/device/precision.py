"""What is computed with: single precision, mixed with 16 bits, or double precision throughout."""

from collections.abc import Mapping

import torch
from torch import Tensor

MIXED = ("bf16", "fp16")  # weights are in single precision, and networks compute in 16 bits


def dtype_of(precision: str) -> torch.dtype:
    """The type of weights, data and losses under a precision."""
    return torch.float64 if precision == "fp64" else torch.float32


def as_precise(values: Mapping[str, Tensor], precision: str) -> dict[str, Tensor]:
    """Data with their numbers in double precision where that is what is computed with."""
    if precision != "fp64":
        return dict(values)
    return {name: v.double() if v.is_floating_point() else v for name, v in values.items()}


def at_least_single(value: Tensor) -> Tensor:
    """Numbers of 16 bits in single precision; others as they are."""
    return value if value.dtype == torch.float64 else value.float()

"""The worked example of TwoStageUC: a bank of five unit vectors in the plane, and two views of two of its samples."""

import math

import torch
from torch import Tensor


def at(*degrees: float) -> Tensor:
    """Unit vectors at angles."""
    angles = [math.radians(d) for d in degrees]
    return torch.tensor([[math.cos(a), math.sin(a)] for a in angles], dtype=torch.float64)


BANK = at(0, 20, 90, 100, 200)
SAMPLES = torch.tensor([4, 1])
VIEWS = [at(195, 30), at(225, 60)]
ROWS, POSITIONS = torch.cat(VIEWS), SAMPLES.repeat(2)
NEIGHBORS = torch.tensor([3, 1, 3, 1])  # sample 4 is an anchor, and 3 its neighbor; sample 1 is none
# Three images in two views, for losses between views.
PAIR = [at(0, 60, 100), at(10, 50, 130)]


def gradient(loss: Tensor, of: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(loss, of)
    return found


def differences(function: object, at_: Tensor) -> Tensor:
    """The gradient of a scalar function by central differences."""
    found = torch.zeros_like(at_)
    for i in range(at_.numel()):
        step = torch.zeros_like(at_).flatten()
        step[i] = 1e-6
        step = step.reshape(at_.shape)
        found.view(-1)[i] = (function(at_ + step) - function(at_ - step)) / 2e-6  # type: ignore[operator]  # a function
    return found

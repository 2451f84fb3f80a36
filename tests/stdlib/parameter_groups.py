"""Parameters as optimizers get them, and steps with written gradients."""

from typing import Any

import torch
from torch import nn


def group_of(module: nn.Module, **settings: Any) -> dict[str, Any]:
    """The parameters of a module as a group, with settings of its own."""
    names, parameters = zip(*module.named_parameters(), strict=True)
    return {"names": list(names), "params": list(parameters), **settings}


def normalized() -> nn.Module:
    """A network with biases and a normalization."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def one(value: float) -> tuple[nn.Parameter, list[dict[str, Any]]]:
    """One parameter, and the groups that hold it."""
    parameter = nn.Parameter(torch.tensor([value], dtype=torch.float64))
    return parameter, [{"names": ["weight"], "params": [parameter]}]


def stepped(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, gradients: list[float]) -> float:
    """The parameter after a step with each of these gradients."""
    for gradient in gradients:
        parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
    return parameter.item()

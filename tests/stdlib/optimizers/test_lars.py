"""Worked numbers of the forms of LARS, computed with NumPy in float64 and held against the released codes."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ssldsl.stdlib.optimizers.lars import lars

GRADIENT = [[0.8, -0.6]]
FIRST = [2.9985333, 4.0002667]


def stepped(
    rates: list[float], start: Any = ((3.0, 4.0),), gradient: Any = GRADIENT, **settings: Any
) -> list[list[float]]:
    """The weights after every step, flat."""
    parameter = nn.Parameter(torch.tensor(start, dtype=torch.float64))
    settings = {"lr": rates[0], "momentum": 0.9, "weight_decay": 0.1, "trust": 0.001, **settings}
    optimizer = lars([{"names": ["norm.weight"], "params": [parameter]}], **settings)
    found = []
    for rate in rates:
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        found.append(parameter.detach().flatten().tolist())
    return found


@pytest.mark.parametrize(
    ("settings", "first", "second"),
    [
        ({}, FIRST, [2.9957470, 4.0007733]),
        ({"clip": True}, [2.9963333, 4.0006667], [2.9893687, 4.0019330]),
        ({"norms": "together"}, [2.9980323, 4.0003578], [2.9942939, 4.0010375]),
        ({"velocity": "steps"}, FIRST, [2.9957470, 4.0007733]),
    ],
)
def test_two_steps_have_the_worked_values(settings: dict[str, Any], first: list[float], second: list[float]) -> None:
    found = stepped([0.4, 0.4], **settings)
    assert found == [pytest.approx(first, abs=1e-7), pytest.approx(second, abs=1e-7)]


@pytest.mark.parametrize(
    ("velocity", "second"), [("gradients", [2.9971402, 4.0005200]), ("steps", [2.9964802, 4.0006400])]
)
def test_a_new_rate_reaches_back_only_where_velocity_holds_gradients(velocity: str, second: list[float]) -> None:
    found = stepped([0.4, 0.2], velocity=velocity)
    assert found == [pytest.approx(FIRST, abs=1e-7), pytest.approx(second, abs=1e-7)]


def test_a_tensor_of_zeros_takes_a_plain_step() -> None:
    assert stepped([0.4], (0.0, 0.0), GRADIENT[0]) == [pytest.approx([-0.32, 0.24])]


def test_what_is_excluded_takes_plain_steps_without_decay() -> None:
    assert stepped([0.4], (3.0, 4.0), GRADIENT[0], exclude=["norm"]) == [pytest.approx([2.68, 4.24])]


def test_without_gradient_nothing_decays_where_norms_are_apart() -> None:
    assert stepped([0.4], gradient=[[0.0, 0.0]]) == [[3.0, 4.0]]
    assert stepped([0.4], gradient=[[0.0, 0.0]], norms="together")[0][0] < 3.0


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.LayerNorm(7), nn.ReLU(), nn.Linear(7, 3)).double()


def trained(net: nn.Module, factor: float, steps: int = 3, **settings: Any) -> list[Tensor]:
    rows = torch.randn(8, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    names, weights = zip(*net.named_parameters(), strict=True)
    optimizer = lars([{"names": list(names), "params": list(weights)}], lr=0.4, **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        (factor * net(rows).square().mean()).backward()
        optimizer.step()
    return [w.detach() for w in weights]


def test_a_factor_on_the_loss_changes_nothing() -> None:
    net = network()
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.1)  # no tensor of zeros
    plain = trained(copy.deepcopy(net), 1.0, epsilon=0.0)
    torch.testing.assert_close(trained(net, 1000.0, epsilon=0.0), plain)


def test_frozen_parameters_get_no_state() -> None:
    net = network()
    net[0].weight.requires_grad_(False)
    before = net[0].weight.clone()
    names, weights = zip(*net.named_parameters(), strict=True)
    optimizer = lars([{"names": list(names), "params": list(weights)}], lr=0.4, weight_decay=0.1)
    net(torch.ones(4, 5, dtype=torch.float64)).sum().backward()
    optimizer.step()
    assert torch.equal(net[0].weight, before) and len(optimizer.state) == len(weights) - 1


def test_a_saved_state_goes_on_where_it_was() -> None:
    net = network()
    weights = list(net.parameters())
    group = {"names": [str(i) for i in range(len(weights))], "params": weights}

    def step(optimizer: torch.optim.Optimizer) -> list[Tensor]:
        for weight in weights:
            weight.grad = torch.ones_like(weight)
        optimizer.step()
        return [w.detach().clone() for w in weights]

    first = lars([group], lr=0.4)
    start = step(first)
    state = copy.deepcopy(first.state_dict())
    expected = step(first)
    with torch.no_grad():
        for weight, value in zip(weights, start, strict=True):
            weight.copy_(value)
    second = lars([group], lr=0.4)
    second.load_state_dict(state)
    assert all(torch.equal(a, b) for a, b in zip(step(second), expected, strict=True))

"""How weights lie in memory: convolutions channels last, and what an optimizer keeps of them as they do."""

import pytest
import torch
from torch import nn

from ssldsl.runtime.device.layout import follow_parameters, lay_out

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("device", "precision", "is_last"), [(CPU, "fp32", True), (CUDA, "bf16", True), (CUDA, "fp32", False)]
)
def test_convolutions_keep_channels_last_where_that_is_faster(
    device: torch.device, precision: str, is_last: bool
) -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv3d(3, 8, 3), nn.Linear(8, 2))
    parameters = list(net.parameters())
    before = [parameter.detach().clone() for parameter in parameters]
    lay_out(net, device, precision)
    assert net[0].weight.is_contiguous(memory_format=torch.channels_last) is is_last
    assert [id(parameter) for parameter in net.parameters()] == [id(parameter) for parameter in parameters]
    assert all(torch.equal(now, then) for now, then in zip(parameters, before, strict=True))


def test_what_an_optimizer_keeps_lies_as_its_parameter_does() -> None:
    net = nn.Conv2d(3, 8, 3).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    momentum = torch.randn(8, 3, 3, 3)
    optimizer.state[net.weight]["momentum_buffer"] = momentum
    follow_parameters(optimizer)
    kept = optimizer.state[net.weight]["momentum_buffer"]
    assert kept.stride() == net.weight.stride()
    assert torch.equal(kept, momentum)

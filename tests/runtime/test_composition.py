"""A network as a value: an ordinary pass moves running statistics, a frozen one leaves every buffer as it is."""

import pytest
import torch
from torch import Tensor, nn

from ssldsl.runtime.nets.composition import Composition


class Counting(nn.Module):
    """Counts its forward passes in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, inputs: Tensor) -> Tensor:
        self.passes += 1
        return inputs * 2


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), Counting(), nn.Flatten(), nn.Linear(4 * 36, 3))


def buffers(module: nn.Module) -> dict[str, Tensor]:
    return {name: buffer.clone() for name, buffer in module.named_buffers()}


def test_composition_applies_its_modules_in_order() -> None:
    first, second = nn.Linear(3, 2), nn.Linear(2, 5)
    x = torch.rand(4, 3)
    torch.testing.assert_close(Composition(first, second)(x), second(first(x)))


def test_frozen_pass_changes_no_buffer_and_the_ordinary_pass_does() -> None:
    net, x = network(), torch.rand(6, 1, 8, 8)
    before = buffers(net)
    Composition(net).frozen(x)
    assert all(torch.equal(before[name], buffer) for name, buffer in net.named_buffers())
    Composition(net)(x)
    assert net[1].num_batches_tracked == 1 and net[2].passes == 1


def test_frozen_pass_normalizes_by_the_batch_in_training_mode_as_the_ordinary_one_does() -> None:
    net, x = network(), torch.rand(6, 1, 8, 8)
    frozen = Composition(net).frozen(x)
    torch.testing.assert_close(frozen, Composition(net)(x))


def test_frozen_pass_uses_running_statistics_in_evaluation_mode() -> None:
    net, x = network().eval(), torch.rand(6, 1, 8, 8)
    torch.testing.assert_close(Composition(net).frozen(x), net(x))


def test_gradients_go_through_the_frozen_pass() -> None:
    net, x = network(), torch.rand(6, 1, 8, 8, requires_grad=True)
    Composition(net).frozen(x).square().sum().backward()
    frozen = [x.grad.clone(), *(p.grad.clone() for p in net.parameters())]
    x.grad = None
    net.zero_grad()
    net(x).square().sum().backward()
    torch.testing.assert_close(frozen, [x.grad, *(p.grad for p in net.parameters())])


def test_the_layers_track_again_after_a_frozen_pass_that_failed() -> None:
    net = network()
    with pytest.raises(RuntimeError):
        Composition(net).frozen(torch.rand(6, 2, 8, 8))
    assert net[1].track_running_stats

import pytest
import torch

from ssldsl.stdlib.nets.convnet import ConvNet


@pytest.mark.parametrize("size", [1, 7, 8, 28, 32])
def test_features_are_four_times_the_width_at_any_size_of_image(size: int) -> None:
    assert ConvNet(3, width=16)(torch.rand(2, 3, size, size)).shape == (2, 64)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_features_are_four_times_the_width_at_any_depth(depth: int) -> None:
    assert ConvNet(1, width=8, depth=depth)(torch.rand(2, 1, 8, 8)).shape == (2, 32)


def test_it_has_as_many_weights_as_its_layers() -> None:
    convolutions = 9 * (1 * 32 + 32 * 64 + 64 * 128)
    assert sum(p.numel() for p in ConvNet(1).parameters()) == convolutions + 2 * (32 + 64 + 128)


def test_rows_do_not_see_one_another_under_group_normalization() -> None:
    net, images = ConvNet(1), torch.rand(5, 1, 8, 8)
    torch.testing.assert_close(net(images)[:2], net(images[:2]))


def test_rows_see_one_another_under_batch_normalization() -> None:
    net, images = ConvNet(1, norm="batch"), torch.rand(5, 1, 8, 8)
    assert (net(images)[:2] - net(images[:2])).abs().max() > 1e-2


def test_it_learns_to_tell_a_bar_from_its_turn() -> None:
    torch.manual_seed(0)
    bars = torch.zeros(8, 1, 8, 8)
    for i in range(8):
        bars[i, 0, i] = 1
    images = torch.cat((bars, bars.transpose(2, 3)))
    net = torch.nn.Sequential(ConvNet(1, width=8), torch.nn.Linear(32, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    labels = torch.arange(16) // 8
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(images), labels).backward()
        optimizer.step()
    assert torch.equal(net(images).argmax(1), labels)

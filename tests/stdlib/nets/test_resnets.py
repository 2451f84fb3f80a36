"""Residual networks of the first kind: torchvision's, weight by weight."""

from typing import Any

import pytest
import torch
import torchvision

from ssldsl.stdlib.nets.resnet18 import ResNet18
from ssldsl.stdlib.nets.resnet34 import ResNet34
from ssldsl.stdlib.nets.resnet50 import ResNet50

NETS = [
    (ResNet18, "resnet18", 11_689_512, 512),
    (ResNet34, "resnet34", 21_797_672, 512),
    (ResNet50, "resnet50", 25_557_032, 2048),
]


@pytest.mark.parametrize(("net", "name", "count", "dim"), NETS)
def test_it_has_the_published_number_of_weights_less_the_classifier(net: Any, name: str, count: int, dim: int) -> None:
    with torch.device("meta"):
        found = sum(p.numel() for p in net(3).parameters())
    assert found == count - 1000 * dim - 1000


@pytest.mark.parametrize(("net", "name", "count", "dim"), NETS)
def test_it_computes_what_torchvision_computes_with_the_same_weights(net: Any, name: str, count: int, dim: int) -> None:
    expected = torchvision.models.get_model(name)
    expected.fc = torch.nn.Identity()
    mine = net(3)
    mine.load_state_dict(expected.state_dict())
    images = torch.rand(2, 3, 48, 48)
    torch.testing.assert_close(mine(images), expected(images))
    torch.testing.assert_close(mine.eval()(images), expected.eval()(images))


@pytest.mark.parametrize("net", [ResNet18, ResNet34, ResNet50])
def test_the_stem_of_cifar_keeps_the_resolution(net: Any) -> None:
    with torch.device("meta"):
        mine = net(3, stem="cifar")
        maps = mine.layer1(mine.maxpool(mine.conv1(torch.empty(2, 3, 32, 32))))
    assert maps.shape[2:] == (32, 32) and mine.conv1.weight.shape == (64, 3, 3, 3)


def test_images_may_have_any_number_of_channels() -> None:
    assert ResNet18(1, stem="cifar")(torch.rand(2, 1, 8, 8)).shape == (2, 512)


def test_the_backbone_of_swav_is_this_one_from_its_first_weights_on() -> None:
    torch.manual_seed(0)
    net = ResNet50(3)
    assert sum(p.numel() for p in net.parameters()) == 23_508_032
    kernel = net.layer2[0].conv2.weight  # 128 channels to 128, 3 by 3
    assert kernel.std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 53 and all((n.weight == 1).all() and not n.bias.any() for n in norms)

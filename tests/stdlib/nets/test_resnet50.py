import pytest
import torch
from resnets import computes_what_torchvision_does, has_the_weights_of_torchvision, keeps_the_resolution_of_cifar

from ssldsl.stdlib.nets.resnet50 import ResNet50


def test_it_has_the_published_number_of_weights_less_the_classifier() -> None:
    has_the_weights_of_torchvision(ResNet50, 25_557_032, 2048)


def test_it_computes_what_torchvision_computes_with_the_same_weights() -> None:
    computes_what_torchvision_does(ResNet50, "resnet50")


def test_the_stem_of_cifar_keeps_the_resolution() -> None:
    keeps_the_resolution_of_cifar(ResNet50)


def test_the_backbone_of_swav_is_this_one_from_its_first_weights_on() -> None:
    torch.manual_seed(0)
    net = ResNet50(3)
    assert sum(p.numel() for p in net.parameters()) == 23_508_032
    kernel = net.layer2[0].conv2.weight  # 128 channels to 128, 3 by 3
    assert kernel.std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 53 and all((n.weight == 1).all() and not n.bias.any() for n in norms)

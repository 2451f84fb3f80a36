import torch
from resnets import computes_what_torchvision_does, has_the_weights_of_torchvision, keeps_the_resolution_of_cifar
from torch import nn

from ssldsl.stdlib.nets.resnet18 import PadShortcut, ResNet18


def test_it_has_the_published_number_of_weights_less_the_classifier() -> None:
    has_the_weights_of_torchvision(ResNet18, 11_689_512, 512)


def test_it_computes_what_torchvision_computes_with_the_same_weights() -> None:
    computes_what_torchvision_does(ResNet18, "resnet18")


def test_the_stem_of_cifar_keeps_the_resolution() -> None:
    keeps_the_resolution_of_cifar(ResNet18)


def test_images_may_have_any_number_of_channels() -> None:
    assert ResNet18(1, stem="cifar")(torch.rand(2, 1, 8, 8)).features.shape == (2, 512)


def test_shortcuts_without_parameters_are_those_of_lsdc() -> None:
    net = ResNet18(3, stem="cifar", shortcut="pad")
    counts = [sum(p.numel() for p in part.parameters()) for part in (net.layer1, net.layer2, net.layer3, net.layer4)]
    assert counts == [147_968, 517_120, 2_066_432, 8_261_632]
    assert sum(p.numel() for p in net.parameters()) + 5_130 == 11_000_138  # with the classifier of ten classes


def test_a_padded_shortcut_is_the_mean_of_four_places_and_zeros() -> None:
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    found = PadShortcut()(maps)
    assert found[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]] and found[0, 1].abs().sum() == 0


def test_images_of_other_sizes_are_pooled_as_a_whole() -> None:
    assert ResNet18(3, stem="cifar", shortcut="pad")(torch.rand(2, 3, 48, 48)).features.shape == (2, 512)


def test_two_towers_and_their_embedding_have_the_size_of_twostageuc() -> None:
    towers = [ResNet18(channels, stem="cifar") for channels in (3, 2)]
    count = sum(p.numel() for net in (*towers, nn.Linear(1024, 128)) for p in net.parameters())
    assert count == 22_468_312 - 24  # less its fixed Sobel filters

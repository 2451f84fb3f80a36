import torch
from resnets import computes_what_torchvision_does, has_the_weights_of_torchvision, keeps_the_resolution_of_cifar

from ssldsl.stdlib.nets.resnet18 import ResNet18


def test_it_has_the_published_number_of_weights_less_the_classifier() -> None:
    has_the_weights_of_torchvision(ResNet18, 11_689_512, 512)


def test_it_computes_what_torchvision_computes_with_the_same_weights() -> None:
    computes_what_torchvision_does(ResNet18, "resnet18")


def test_the_stem_of_cifar_keeps_the_resolution() -> None:
    keeps_the_resolution_of_cifar(ResNet18)


def test_images_may_have_any_number_of_channels() -> None:
    assert ResNet18(1, stem="cifar")(torch.rand(2, 1, 8, 8)).shape == (2, 512)

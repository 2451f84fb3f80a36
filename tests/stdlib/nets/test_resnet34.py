from resnets import computes_what_torchvision_does, has_the_weights_of_torchvision, keeps_the_resolution_of_cifar

from ssldsl.stdlib.nets.resnet34 import ResNet34


def test_it_has_the_published_number_of_weights_less_the_classifier() -> None:
    has_the_weights_of_torchvision(ResNet34, 21_797_672, 512)


def test_it_computes_what_torchvision_computes_with_the_same_weights() -> None:
    computes_what_torchvision_does(ResNet34, "resnet34")


def test_the_stem_of_cifar_keeps_the_resolution() -> None:
    keeps_the_resolution_of_cifar(ResNet34)

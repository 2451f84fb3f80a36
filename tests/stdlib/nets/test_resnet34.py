import torch
from resnets import computes_what_torchvision_does, has_the_weights_of_torchvision, keeps_the_resolution_of_cifar

from ssldsl.stdlib.nets.resnet34 import ResNet34


def test_it_has_the_published_number_of_weights_less_the_classifier() -> None:
    has_the_weights_of_torchvision(ResNet34, 21_797_672, 512)


def test_it_computes_what_torchvision_computes_with_the_same_weights() -> None:
    computes_what_torchvision_does(ResNet34, "resnet34")


def test_the_stem_of_cifar_keeps_the_resolution() -> None:
    keeps_the_resolution_of_cifar(ResNet34)


def test_the_pooled_stem_leaves_the_places_that_iic_averages_over() -> None:
    net, sizes = ResNet34(2, stem="pooled"), []
    for stage in (net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4):
        stage.register_forward_hook(lambda module, given, made: sizes.append(made.shape[-1]))
    net(torch.rand(2, 2, 32, 32))
    assert sizes == [17, 17, 9, 5, 3]  # 5 by 5 of images of 64 pixels

import torch
from resnets_v2 import computes_the_formula, has_as_many_weights_as_counted, has_the_places_and_features_of_the_paper

from ssldsl.stdlib.nets.resnet18v2 import ResNet18V2

SETTINGS = {"width": 1}  # with which the tests of all ops call it


def test_it_has_as_many_weights_as_counted_by_hand() -> None:
    has_as_many_weights_as_counted(ResNet18V2, (2, 2, 2, 2), narrowing=0)


def test_places_and_features_are_as_many_as_the_paper_says() -> None:
    has_the_places_and_features_of_the_paper(ResNet18V2, 128)


def test_it_computes_the_formula_in_value_and_gradient() -> None:
    computes_the_formula(ResNet18V2)


def test_the_stem_of_cifar_keeps_the_resolution() -> None:
    with torch.device("meta"):
        mine = ResNet18V2(3, stem="cifar")
        assert mine.layer1(mine.maxpool(mine.conv1(torch.empty(2, 3, 32, 32)))).shape == (2, 64, 32, 32)

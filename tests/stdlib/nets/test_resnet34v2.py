from resnets_v2 import has_as_many_weights_as_counted, has_the_places_and_features_of_the_paper

from ssldsl.stdlib.nets.resnet34v2 import ResNet34V2

SETTINGS = {"width": 1}  # with which the tests of all ops call it


def test_it_has_as_many_weights_as_counted_by_hand() -> None:
    has_as_many_weights_as_counted(ResNet34V2, (3, 4, 6, 3), narrowing=0)


def test_places_and_features_are_as_many_as_the_paper_says() -> None:
    has_the_places_and_features_of_the_paper(ResNet34V2, 128)

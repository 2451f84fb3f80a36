from resnets_v2 import has_as_many_weights, has_as_many_weights_as_counted, has_the_places_and_features_of_the_paper

from ssldsl.stdlib.nets.resnet101v2 import ResNet101V2

SETTINGS = {"width": 1}  # with which the tests of all ops call it


def test_it_has_as_many_weights_as_counted_by_hand() -> None:
    has_as_many_weights_as_counted(ResNet101V2, (3, 4, 23, 3), narrowing=4)


def test_places_and_features_are_as_many_as_the_paper_says() -> None:
    has_the_places_and_features_of_the_paper(ResNet101V2, 512)


def test_at_the_usual_width_it_has_the_published_number_of_weights() -> None:
    has_as_many_weights(ResNet101V2, 42_492_480)

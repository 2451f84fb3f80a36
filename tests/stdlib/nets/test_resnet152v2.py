from resnets_v2 import has_as_many_weights, has_as_many_weights_as_counted, has_the_places_and_features_of_the_paper

from ssldsl.stdlib.nets.resnet152v2 import ResNet152V2

SETTINGS = {"width": 1}  # with which the tests of all ops call it


def test_it_has_as_many_weights_as_counted_by_hand() -> None:
    has_as_many_weights_as_counted(ResNet152V2, (3, 8, 36, 3), narrowing=4)


def test_places_and_features_are_as_many_as_the_paper_says() -> None:
    has_the_places_and_features_of_the_paper(ResNet152V2, 512)


def test_at_the_usual_width_it_has_the_published_number_of_weights() -> None:
    has_as_many_weights(ResNet152V2, 58_136_128)

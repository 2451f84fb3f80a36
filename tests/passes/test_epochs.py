"""Epochs are passes over the clock stream, as S4L counts them over its labeled images."""

import pytest

from ssldsl.ir.nodes import Duration
from ssldsl.passes.context import Clock


@pytest.mark.parametrize(
    ("images", "batch", "expected"),
    [(128_000, 256, 500), (13_000, 256, 50), (128_000, 512, 250), (128_000, 128, 1000), (1_281_167, 256, 5004)],
)
def test_a_pass_has_as_many_steps_as_in_the_released_configurations(images: int, batch: int, expected: int) -> None:
    assert Clock.of(Duration(1, "ep"), images, batch).steps_per_epoch == expected


def test_two_hundred_labeled_passes_are_a_hundred_thousand_steps() -> None:
    assert Clock.of(Duration(200, "ep"), 128_000, 256).steps == 100_000

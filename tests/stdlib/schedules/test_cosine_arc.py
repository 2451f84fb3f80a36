"""Expected numbers: FixMatch's cos(7 pi x / 16), and AdaMatch's cos(x arccos 0.25)."""

import math

import pytest

from ssldsl.stdlib.schedules.cosine_arc import cosine_arc


def test_values_of_fixmatch() -> None:
    found = [cosine_arc(step, 100) for step in (0, 25, 50, 75, 100)]
    assert found == pytest.approx([1, 0.9415440652, 0.7730104534, 0.5141027442, 0.1950903220], abs=1e-10)


def test_values_of_adamatch() -> None:
    found = [cosine_arc(step, 100, arc=math.acos(0.25) / math.pi) for step in (0, 25, 50, 75, 100)]
    assert found == pytest.approx([1, 0.9461948571, 0.7905694150, 0.5498705723, 0.25], abs=1e-10)


def test_it_stays_behind_its_length() -> None:
    assert cosine_arc(80, 100, length=40.0) == cosine_arc(40, 100, length=40.0)

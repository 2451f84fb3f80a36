"""Values are laid out along the sheet, and words keep the width that was planned for them."""

import re

import pytest

from ssldsl.report.svg.axes import Axis, marks_around, text


def test_an_axis_goes_from_its_lowest_value_to_its_highest() -> None:
    upwards = Axis(low=2, high=6, start=100, end=20)
    assert [upwards(value) for value in (2, 3, 6)] == [100, 80, 20]


def test_one_value_alone_has_room_around_it() -> None:
    marks = marks_around([0.5, 0.5], 5)
    assert marks[0] < 0.5 < marks[-1]


def test_words_fill_the_width_that_was_planned_whatever_the_font() -> None:
    # in Helvetica `v`, `a` and `t` are 500, 556 and 278 thousandths of the size wide
    planned = re.search(r'textLength="([\d.]+)"', text(0, 0, "vat", "name c0"))
    assert planned is not None
    assert float(planned[1]) == pytest.approx(11.5 * (500 + 556 + 278) / 1000, abs=0.05)


def test_numbers_stand_as_the_font_has_them() -> None:
    assert "textLength" not in text(0, 0, "0.25", "tick")

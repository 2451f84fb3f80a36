"""Confusion matrices in words and as pictures."""

import re

import pytest

from ssldsl.report.run.confusion import Confused, heat_map, most_confused, right_shares

MATRIX = [[8, 2, 0], [0, 10, 0], [3, 1, 0]]


def test_the_share_that_is_right_is_of_the_row() -> None:
    assert right_shares([*MATRIX[:2], [0, 0, 0]]) == [0.8, 1.0, None]


def test_pairs_come_with_the_most_frequent_first() -> None:
    cells = {(i, j): count for i, row in enumerate(MATRIX) for j, count in enumerate(row)}
    assert most_confused(cells) == [Confused(2, 0, 3, 0.75), Confused(0, 1, 2, 0.2), Confused(2, 1, 1, 0.25)]


def test_every_cell_that_is_not_empty_says_its_number() -> None:
    assert re.findall(r'class="cell[^"]*"[^>]*>(\d+)<', heat_map(MATRIX)) == ["8", "2", "10", "3", "1"]


@pytest.mark.parametrize("classes", [10, 20, 100, 200])
def test_pictures_are_small_even_if_every_class_is_taken_for_forty_others(classes: int) -> None:
    matrix = [[float((i * 7 + j) % classes < 40) for j in range(classes)] for i in range(classes)]
    assert len(heat_map(matrix)) < 150_000


def test_a_thousand_classes_have_no_picture() -> None:
    assert heat_map([[0.0] * 1000] * 1000) is None


def test_a_matrix_with_negative_numbers_is_drawn() -> None:
    assert 'class="heat"' in heat_map([[1.0, -0.5], [-0.5, 1.0]])

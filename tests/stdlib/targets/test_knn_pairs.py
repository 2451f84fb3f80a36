"""Pairs of nearest rows against numbers worked out by hand: ties, the strict comparison, either direction."""

import pytest
import torch

from ssldsl.stdlib.targets.knn_pairs import knn_pairs, squared_distances

SETTINGS = {"k": 3}  # with which the tests of all ops call it

ROWS = torch.tensor([[0, 0], [1, 0], [0, 1], [3, 3], [3, 4]], dtype=torch.float64)


def linked(pairs: torch.Tensor) -> set[tuple[int, int]]:
    assert torch.equal(pairs, pairs.T)
    return {(i, j) for i, j in pairs.nonzero().tolist() if i < j}


def test_distances_are_those_of_the_sheet() -> None:
    assert squared_distances(ROWS).tolist() == [
        [0, 1, 1, 18, 25], [1, 0, 2, 13, 20], [1, 2, 0, 13, 18], [18, 13, 13, 0, 1], [25, 20, 18, 1, 0],
    ]  # fmt: skip


def test_of_three_nearest_each_row_takes_one_other_and_ties_take_none() -> None:
    assert linked(knn_pairs(ROWS, k=3)) == {(0, 1), (0, 2), (3, 4)}


def test_a_pair_counts_if_either_takes_the_other() -> None:
    assert linked(knn_pairs(ROWS, k=4)) == {(0, 1), (0, 2), (3, 4), (1, 2), (2, 4)}


def test_where_k_rows_are_equal_not_even_a_row_and_itself_are_a_pair() -> None:
    rows = torch.tensor([[0.0], [0.0], [0.0], [1.0], [1.2]])
    assert knn_pairs(rows, k=3)[0].tolist() == [0, 0, 0, 0, 0]


def test_distances_are_symmetric_and_zero_to_itself_whatever_the_rows() -> None:
    rows = 1e3 + torch.randn(70, 300, generator=torch.Generator().manual_seed(0))
    distances = squared_distances(rows)
    assert torch.equal(distances, distances.T) and distances.diagonal().eq(0).all()


def test_more_neighbors_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="5 rows has no 6-th nearest"):
        knn_pairs(ROWS, k=6)

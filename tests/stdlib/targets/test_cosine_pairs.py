"""Pairs by cosine against numbers worked out by hand."""

import torch

from ssldsl.stdlib.targets.cosine_pairs import cosine_pairs

ROWS = torch.tensor([[1.0, 0.0], [2.0, 1.0], [1.0, 1.0], [0.0, 1.0], [0.3, 2.0]])  # cosines .894, .949, .989 in a row


def linked(pairs: torch.Tensor) -> set[tuple[int, int]]:
    return {(i, j) for i, j in pairs.nonzero().tolist() if i < j}


def test_pairs_are_those_whose_cosine_reaches_the_threshold() -> None:
    assert linked(cosine_pairs(ROWS)) == {(1, 2), (3, 4)}
    assert linked(cosine_pairs(ROWS, threshold=0.894)) == {(0, 1), (1, 2), (3, 4)}


def test_the_threshold_itself_counts() -> None:
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert linked(cosine_pairs(rows, threshold=0.0)) == {(0, 1)}


def test_length_does_not_matter() -> None:
    assert torch.equal(cosine_pairs(ROWS), cosine_pairs(ROWS * torch.tensor([[0.01], [3.0], [50.0], [7.0], [1.0]])))


def test_a_row_of_zeros_is_alike_to_itself_alone() -> None:
    pairs = cosine_pairs(torch.cat([ROWS, torch.zeros(1, 2)]))
    assert pairs[5].tolist() == [0, 0, 0, 0, 0, 1]
    assert pairs.isfinite().all()

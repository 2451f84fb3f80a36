"""The share of right pairs, against a count by hand."""

import torch

from ssldsl.stdlib.targets.pair_purity import pair_purity

LABELS = torch.tensor([0, 0, 1, 1])


def test_of_three_pairs_two_are_of_one_class() -> None:
    pairs = torch.eye(4)
    for i, j in ((0, 1), (2, 3), (1, 2)):
        pairs[i, j] = pairs[j, i] = 1
    assert pair_purity(pairs, LABELS).item() == torch.tensor(2 / 3).item()
    assert pairs.diagonal().eq(1).all(), "the pairs stay as they are"


def test_pairs_in_between_count_by_what_they_are() -> None:
    pairs = torch.zeros(4, 4)
    pairs[0, 1], pairs[1, 2] = 0.75, 0.25
    assert pair_purity(pairs, LABELS).item() == 0.75


def test_rows_alone_are_no_pair() -> None:
    assert pair_purity(torch.eye(4), LABELS).item() == 0

"""Pairs by stochastic neighbor embedding against numbers worked out by hand."""

import pytest
import torch

from ssldsl.stdlib.targets.sne_pairs import sne_pairs

ROWS = torch.tensor([[0, 0], [1, 0], [0, 1], [3, 3], [3, 4]], dtype=torch.float64)
FIRST, SECOND = {(0, 1), (0, 2), (1, 2)}, {(3, 4)}


def linked(pairs: torch.Tensor) -> set[tuple[int, int]]:
    assert torch.equal(pairs, pairs.T) and pairs.diagonal().eq(1).all()
    return {(i, j) for i, j in pairs.nonzero().tolist() if i < j}


def test_two_groups_apart_are_two_groups_of_pairs() -> None:
    assert linked(sne_pairs(ROWS)) == FIRST | SECOND


def test_a_higher_temperature_links_what_is_farther() -> None:
    assert linked(sne_pairs(ROWS, temperature=2.0)) == FIRST | SECOND | {(1, 3), (2, 3), (2, 4)}


@pytest.mark.parametrize(
    ("temperature", "pair", "value"),
    [(1.0, (0, 1), 0.615528), (1.0, (1, 2), 0.268940), (2.0, (0, 2), 0.519243), (2.0, (0, 3), 0.009940),
     (0.5, (0, 1), 0.741007), (0.5, (1, 2), 0.017986)],
)  # fmt: skip
def test_the_threshold_lies_where_the_mean_probability_is(
    temperature: float, pair: tuple[int, int], value: float
) -> None:
    below, above = (sne_pairs(ROWS, threshold=value + d, temperature=temperature) for d in (-1e-6, 1e-6))
    assert (pair in linked(below), pair in linked(above)) == (True, False)


def test_rows_very_far_apart_have_no_pair_but_themselves_left_out_exactly() -> None:
    rows = torch.tensor([[0.0], [100.0], [300.0]])
    assert linked(sne_pairs(rows, threshold=0.4)) == {(0, 1), (1, 2)}

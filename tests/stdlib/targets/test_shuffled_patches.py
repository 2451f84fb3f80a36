from itertools import pairwise, permutations

import pytest
import torch

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.targets.shuffled_patches import far_orders, shuffled_patches

SETTINGS = {"grid": 1, "orders": 1}  # with which the tests of all ops call it


def rng(count: int) -> SampleRng:
    zeros = torch.zeros(count, dtype=torch.int64)
    return SampleRng(3, Rows(torch.arange(count), zeros, zeros))


def test_pieces_are_joined_in_the_order_that_is_told() -> None:
    features = torch.arange(200 * 4 * 2.0).view(800, 2)
    found = shuffled_patches(features, rng=rng(200), grid=2, orders=24)
    assert found.features.shape == (200, 8)
    for row, (joined, order) in enumerate(zip(found.features.view(200, 4, 2), found.orders.tolist(), strict=True)):
        assert torch.equal(joined, features[4 * row : 4 * row + 4][list(far_orders(4, 24)[order])])
    assert len(set(found.orders.tolist())) == 24  # all of them are drawn


def test_all_orders_of_a_small_puzzle_are_taken_once() -> None:
    assert sorted(far_orders(4, 24)) == sorted(permutations(range(4)))


def test_every_order_is_as_different_from_those_before_as_there_is_one() -> None:
    """Algorithm 1 of the paper, written as its sum of Hamming distances over all orders that are left."""
    chosen = [tuple(range(4))]
    while len(chosen) < 9:
        left = [o for o in permutations(range(4)) if o not in chosen]
        distance = [sum(a != b for earlier in chosen for a, b in zip(o, earlier, strict=True)) for o in left]
        chosen.append(left[distance.index(max(distance))])
    assert list(far_orders(4, 9)) == chosen


def test_orders_of_nine_pieces_are_far_apart() -> None:
    orders = far_orders(9, 10)
    assert orders[0] == tuple(range(9)) and len(set(orders)) == 10
    assert all(sum(a != b for a, b in zip(*pair, strict=True)) == 9 for pair in pairwise(orders[:9]))


def test_more_orders_than_there_are_and_too_many_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match="25 orders of 4 pieces, which have 24"):
        far_orders(4, 25)
    with pytest.raises(ValueError, match="more than 3 by 3"):
        far_orders(16, 2)

"""What a network says of the pieces of an image, in an order of many."""

from functools import cache
from itertools import permutations as orders_of
from typing import NamedTuple

import torch
from torch import Tensor

from ssldsl.ops import Features, Labels, PositiveInt, op
from ssldsl.ops.random import SampleRng


class Shuffled(NamedTuple):
    """The features of all pieces side by side in the order that was drawn, and which order that is."""

    features: Features[Tensor, "batch {grid}*{grid}*dim"]
    orders: Labels[Tensor, "batch; orders"]


@op(paper="noroozi2016jigsaw")
def shuffled_patches(
    features: Features[Tensor, "{grid}*{grid}*batch dim"],
    *,
    rng: SampleRng,
    grid: PositiveInt = 3,
    orders: PositiveInt = 100,
) -> Shuffled:
    r"""The pieces of every image in one of `orders` orders, joined to one row; which one, is what Jigsaw asks for.

    $$ f'_b = [f_{b, \pi_k(1)}, \dots, f_{b, \pi_k(G^2)}], \quad k \sim U\{1, \dots, K\} $$

    Features of `random_jigsaw_patches`, which stand in order: so a network that sees every piece alone need not be
    asked again for another order. The K orders differ in as many places as they can: each of them differs from the
    earlier ones in the most places together, of equal ones the first.

    Source: Noroozi & Favaro, ECCV 2016, sec. 3.2 and algorithm 1, which draws among equal ones: 100 orders, 1000 in the
    best run. Misra & van der Maaten, CVPR 2020 (PIRL), sec. 3.2, join 9 features of 128 numbers.
    """
    pieces = features.reshape(-1, grid * grid, features.shape[1])
    drawn = rng.integers(high=orders)
    drawn = drawn[:: len(drawn) // len(pieces)].to(features.device)
    order = torch.tensor(far_orders(grid * grid, orders), device=features.device)[drawn]
    return Shuffled(pieces.gather(1, order.unsqueeze(2).expand_as(pieces)).flatten(1), drawn)


@cache
def far_orders(pieces: int, count: int) -> tuple[tuple[int, ...], ...]:
    """So many orders of some pieces, each as different from those before as one can be; the first is the plain one."""
    if pieces > 9:
        raise ValueError(f"orders of {pieces} pieces: a grid of more than 3 by 3 has too many to compare")
    every = torch.tensor(list(orders_of(range(pieces))), dtype=torch.int8)
    if count > len(every):
        raise ValueError(f"{count} orders of {pieces} pieces, which have {len(every)}")
    alike = torch.zeros(len(every), dtype=torch.int32)  # places in which an order is like those that were taken
    chosen = [0]
    for _ in range(count - 1):
        alike += (every == every[chosen[-1]]).sum(dim=1, dtype=torch.int32)
        alike[chosen[-1]] = count * pieces  # taken once
        chosen.append(int(alike.argmin()))
    return tuple(tuple(row) for row in every[chosen].tolist())

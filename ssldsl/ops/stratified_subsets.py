"""Subsets by class, drawn by a seed of their own: the same ones on every machine, whatever else is random."""

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor

from ssldsl.ops.data import Samples
from ssldsl.ops.random import key_of

# (samples of every class, how many are wanted, order of the classes) -> how many of every class
Shares = Callable[[Tensor, int, Tensor], Tensor]


def seeded_order(ids: Tensor, seed: int, purpose: str) -> Tensor:
    """Rows in the order of a hash of (seed, purpose, sample number): which of two comes first depends on no third."""
    key = key_of(seed, purpose).to_bytes(8, "little")
    hashes = [hashlib.blake2b(n.to_bytes(8, "little"), digest_size=8, key=key).digest() for n in ids.tolist()]
    return torch.tensor(sorted(range(len(hashes)), key=hashes.__getitem__), dtype=torch.int64)


def even_shares(sizes: Tensor, count: int, order: Tensor) -> Tensor:
    """As many of every class as of any other, as far as the classes reach; a rest goes to the first in `order`."""
    shares = torch.zeros_like(sizes)
    while (left := count - int(shares.sum())) > 0:
        room = shares < sizes
        each = left // int(room.sum())
        if each == 0:
            shares[order[room[order]][:left]] += 1
        else:
            shares = torch.where(room, shares + each, shares).minimum(sizes)
    return shares


def proportional_shares(sizes: Tensor, count: int, order: Tensor) -> Tensor:
    """Every class in proportion to its size; the largest remainders are rounded up, equal ones in `order`."""
    total = int(sizes.sum())
    shares, remainders = sizes * count // total, sizes * count % total
    largest = order[remainders[order].argsort(descending=True, stable=True)]
    shares[largest[: count - int(shares.sum())]] += 1
    return shares


def check_one_way(what: str, count: object, per_class: object, names: object) -> None:
    """A `ValueError` unless a part of a data set is given in exactly one way."""
    given = sum(way is not None for way in (count, per_class, names))
    if given != 1:
        raise ValueError(f"a {what} is given by one of count, per_class and names, not by {given} of them")


def number_of(data: Samples, count: int | float) -> int:
    """A count as it is, and a fraction (a float up to 1) as a number of samples."""
    # the inner rounding takes away what 0.07 * 150 has too much in binary
    number = round(round(len(data) * count, 6)) if isinstance(count, float) and count <= 1 else int(count)
    if not 0 < number <= len(data):
        raise ValueError(f"{number} samples wanted of a data set of {len(data)}")
    return number


def choose(data: Samples, count: int, seed: int, purpose: str, shares: Shares) -> Tensor:
    """Rows of `count` samples in ascending order, by class where there are labels."""
    order = seeded_order(data.ids, seed, purpose)
    labels = None if data.labels is None else data.labels.cpu()
    if labels is None:
        return order[:count].sort().values
    sizes = labels.bincount()
    classes = seeded_order(torch.arange(len(sizes)), seed, f"{purpose}/classes")
    return first_of_each(labels, order, shares(sizes, count, classes))


def first_of_each(labels: Tensor, order: Tensor, shares: Tensor) -> Tensor:
    """Of every class its share of samples, the first ones in `order`; ascending."""
    by_class = order[labels[order].argsort(stable=True)]
    sizes = labels.bincount(minlength=len(shares))
    own = labels[by_class]
    place = torch.arange(len(labels)) - (sizes.cumsum(0) - sizes)[own]
    return by_class[place < shares[own]].sort().values

"""First values of whatever holds state: functions of the seed and a path, whichever generator its code asks."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from ssldsl.ops.random import key_of


@contextmanager
def first_values(seed: int, *path: str) -> Iterator[None]:
    """Inside, torch, numpy and Python draw the numbers of a path; after it, those that they would have drawn."""
    key = key_of(seed, "init", *path) % 2**63
    before = torch.random.get_rng_state(), np.random.get_state(), random.getstate()
    # of torch, the CPU generator alone: reseeding all would disturb the generators of the accelerators
    torch.default_generator.manual_seed(key)
    np.random.seed(key % 2**32)
    random.seed(key)
    try:
        yield
    finally:
        torch.random.set_rng_state(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])

"""Philox 4x32-10 (Salmon et al., SC 2011): a counter of four words and a key of two give four random words.

On CUDA one kernel does it. On the CPU NumPy does, which starts an operation in a fraction of the time that torch needs;
where there is more to compute, and inside a compiled step, torch does. The numbers are the same.
"""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

WORD = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)  # of the first and the third word of the counter
WEYL = (0x9E3779B9, 0xBB67AE85)  # what a round adds to the two words of the key
ROUNDS = 10
SMALL = 2**14  # counters that NumPy, on one core, is done with first

Words = TypeVar("Words", Tensor, NDArray[np.int64])


def random_words(rows: tuple[Tensor, Tensor, Tensor], key: int, count: int) -> Tensor:
    """The first `count` random words of every row, int64 (rows, count).

    rows: the second, third and fourth word of every row's counters, int64 (rows); the first counts them.
    """
    device, blocks = rows[0].device, (count + 3) // 4
    if torch.compiler.is_compiling():
        kernel, is_small = None, False
    else:
        kernel = _kernel() if device.type == "cuda" else None
        is_small = device.type == "cpu" and blocks * len(rows[0]) <= SMALL
    if is_small:
        return few_words(rows, key, count)
    second, third, fourth = (part.unsqueeze(1) for part in rows)
    if kernel is not None:
        number = torch.arange(count, device=device)
        return kernel(number, second, third, fourth, low=key & WORD, high=key >> 32)
    tensors = philox(torch.arange(blocks, device=device), second, third, fourth, key)
    return torch.stack(tensors, dim=-1).flatten(1)[:, :count]


def few_words(rows: tuple[Tensor, Tensor, Tensor], key: int, count: int) -> Tensor:
    """The same by NumPy, for rows on the CPU."""
    second, third, fourth = (part.numpy()[:, None] for part in rows)
    blocks = (count + 3) // 4
    words = np.stack(philox(np.arange(blocks), second, third, fourth, key), axis=-1)
    return torch.from_numpy(words.reshape(-1, 4 * blocks)[:, :count])


def philox(first: Words, second: Words, third: Words, fourth: Words, key: int) -> tuple[Words, Words, Words, Words]:
    """Four random words for every counter of four words and a key of 64 bits: int64 values that broadcast.

    Products wrap around beyond 64 bits, which leaves all of them right. What stands above the lower 32 bits is dropped
    when a word is next multiplied.
    """
    first, third = first & WORD, third & WORD
    low, high = key & WORD, key >> 32
    for _ in range(ROUNDS):
        left, right = first * MULTIPLIERS[0], third * MULTIPLIERS[1]
        first, third = (right >> 32 ^ second ^ low) & WORD, (left >> 32 ^ fourth ^ high) & WORD
        second, fourth = right, left
        low, high = low + WEYL[0] & WORD, high + WEYL[1] & WORD
    return first, second & WORD, third, fourth & WORD


_CODE = """
template <typename T> T philox_word(T number, T second, T third, T fourth, T low, T high) {
  unsigned int a = (unsigned int)(number >> 2), b = (unsigned int)second;
  unsigned int c = (unsigned int)third, d = (unsigned int)fourth;
  unsigned int k = (unsigned int)low, l = (unsigned int)high;
  for (int i = 0; i < 10; ++i) {
    unsigned long long p = 0xD2511F53ULL * a, q = 0xCD9E8D57ULL * c;
    a = (unsigned int)(q >> 32) ^ b ^ k;
    b = (unsigned int)q;
    c = (unsigned int)(p >> 32) ^ d ^ l;
    d = (unsigned int)p;
    k += 0x9E3779B9U;
    l += 0xBB67AE85U;
  }
  int lane = (int)(number & 3);
  return (T)(lane == 0 ? a : lane == 1 ? b : lane == 2 ? c : d);
}
"""


@cache
def _kernel() -> Callable[..., Tensor] | None:
    """Word `number` of every row as one CUDA kernel, compiled at its first use; nothing where that cannot be done."""
    try:
        made: Callable[..., Tensor] = torch.cuda.jiterator._create_jit_fn(_CODE, low=0, high=0)
        zero = torch.zeros(1, dtype=torch.int64, device="cuda")
        made(zero, zero, zero, zero, low=0, high=0)
    except (AttributeError, RuntimeError):  # another torch, or no compiler beside it
        return None
    return made

"""Philox 4x32-10 (Salmon et al., SC 2011): a counter of four words and a key of two give four random words.

On CUDA one kernel does it; elsewhere, and inside a compiled step, it is written out in integer tensors. Constants are
made on the device from numbers, so that the host waits for nothing.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

WORD = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)  # of the first and the third word of the counter
WEYL = (0x9E3779B9, 0xBB67AE85)  # what a round adds to the two words of the key
ROUNDS = 10

Counter = tuple[Tensor, Tensor, Tensor, Tensor]


def words(counter: tuple[Tensor, Tensor, Tensor], key: int, count: int) -> Tensor:
    """The first `count` random words of every row, int64 (rows, count).

    counter: the second, third and fourth word of every row's counters (rows, 1); the first counts them.
    """
    device = counter[0].device
    if device.type == "cuda" and not torch.compiler.is_compiling():
        kernel = _kernel()
        if kernel is not None:
            return kernel(torch.arange(count, device=device), *counter, low=key & WORD, high=key >> 32)
    block = torch.arange((count + 3) // 4, device=device).unsqueeze(0)
    return philox((block, *counter), key).flatten(1)[:, :count]


def philox(counter: Counter, key: int) -> Tensor:
    """Four random words for every counter of four words and a key of 64 bits: int64 tensors that broadcast, (..., 4).

    The two halves of the counter go through a round together, one above the other. What stands above the lower 32 bits
    is dropped when a word is next multiplied.
    """
    first, second, third, fourth = torch.broadcast_tensors(*counter)  # type: ignore[no-untyped-call]  # torch's own
    left, right = torch.stack((first, third)), torch.stack((second, fourth))
    half = torch.arange(2, device=left.device).view(2, *[1] * first.dim())
    multipliers = _pair(*MULTIPLIERS, half)
    numbers = torch.arange(ROUNDS, device=left.device).view(-1, *[1] * left.dim())
    keys = numbers * _pair(*WEYL, half) + _pair(key & WORD, key >> 32, half)
    for round_key in keys.unbind():
        product = (left * multipliers).flip(0)  # wraps around beyond 64 bits, which leaves all of them right
        left = (product >> 32 ^ right ^ round_key) & WORD
        right = product
    right = right & WORD
    return torch.stack((left[0], right[0], left[1], right[1]), dim=-1)


def _pair(first: int, second: int, half: Tensor) -> Tensor:
    """`first` where `half` is 0, `second` where it is 1."""
    return half * (second - first) + first


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

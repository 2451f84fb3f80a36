"""A cache of Philox words: batches that are cut from one long sequence share the work for a stretch of it.

Philox takes a hundred NumPy operations, and to start one costs more than the numbers of a batch.
"""

from functools import lru_cache

from torch import Tensor

from ssldsl.ops.philox import few_words

LENGTH = 2**11  # counters that are computed at once
KEPT = 64  # stretches, one or two for every draw of a step

Parts = tuple[Tensor, Tensor, Tensor]


def cached_words(rows: Parts, key: int, count: int) -> Tensor | None:
    """The first `count` random words of every row, to be read only: a later batch sees the same memory.

    Nothing where it would spare no work: on a GPU, for many rows, and for rows that are no views of a sequence.
    """
    length = LENGTH // ((count + 3) // 4)
    if not rows[0].is_cpu or 2 * len(rows[0]) > length:
        return None
    sequences = _sequences(rows)
    if sequences is None:
        return None
    number, start = divmod(int(rows[0].storage_offset() - sequences[0].storage_offset()), length)
    stop = start + len(rows[0])
    if stop > length:
        return None
    index, epoch, copy = sequences
    versions = (index._version, epoch._version, copy._version)
    return _stretch(index, epoch, copy, versions, number * length, length, key, count)[start:stop]


def _sequences(rows: Parts) -> Parts | None:
    """The three sequences of one length that the rows are cut from, in one piece and at one place."""
    index, epoch, copy = (part._base for part in rows)
    if index is None or epoch is None or copy is None:
        return None
    found = (index, epoch, copy)
    places = {part.storage_offset() - whole.storage_offset() for part, whole in zip(rows, found, strict=True)}
    strides = {part.stride() for part in (*rows, *found)}
    lengths = {len(whole) for whole in found}
    return found if len(places) == len(lengths) == 1 and strides == {(1,)} else None


@lru_cache(maxsize=KEPT)
def _stretch(
    index: Tensor,
    epoch: Tensor,
    copy: Tensor,
    versions: tuple[int, int, int],  # how often each was written to
    first: int,
    length: int,
    key: int,
    count: int,
) -> Tensor:
    """The words of `length` rows from `first` on. Tensors are arguments by identity, and kept as long as the words."""
    rows = (index[first : first + length], epoch[first : first + length], copy[first : first + length])
    return few_words(rows, key, count)

"""What a data op gives at run time: samples that can be read by number."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Samples(Protocol):
    """Samples by number. `fields`: `image` or `vector`, and `label` where there is one.

    resident: all samples lie in memory as tensors, so whole batches are read at once; else workers read single ones.
    ids: stable number of every sample in the data set it was first read from; randomness follows it through subsets.
    names: what a person calls each sample (file names), or nothing.
    with_labels: the same samples with these labels, in the order of the samples, whether or not they had any.
    digest: SHA-256 of what the samples are, for the lock; a method, because it reads them.
    """

    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def resident(self) -> bool: ...
    @property
    def ids(self) -> Tensor: ...
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def labels(self) -> Tensor | None: ...
    def digest(self) -> str: ...
    def __len__(self) -> int: ...
    def read(self, rows: Tensor) -> dict[str, Tensor]: ...
    def take(self, rows: Tensor) -> "Samples": ...
    def without(self, field: str) -> "Samples": ...
    def with_labels(self, labels: Tensor) -> "Samples": ...


def class_names_of(samples: Samples) -> tuple[str, ...]:
    """What the labels stand for, by number, where the samples say it: in an attribute `class_names`, which few have."""
    return tuple(getattr(samples, "class_names", ()))


Data = Samples  # an edge of an op from data to data
Splits = Mapping[str, Samples]  # what a data source gives, by the names of its splits; may read them at their first use

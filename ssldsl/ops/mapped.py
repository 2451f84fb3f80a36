"""Samples whose arrays are files that may be larger than memory: rows are read when they are wanted."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from attrs import evolve, frozen
from torch import Tensor

from ssldsl.ops.image_files import images_to_float

PROBED = 1024  # rows that the digest reads


@frozen(eq=False)
class MappedSamples:
    """Samples by their rows in whole arrays. `convert`: what makes some rows of an array a field of a batch.

    device: where batches go; the arrays stay where they are. notes: what a person should know of them.
    """

    arrays: Mapping[str, Tensor]
    convert: Callable[[Tensor], Tensor]
    ids: Tensor
    labels: Tensor | None = None
    origin: str = ""
    notes: tuple[str, ...] = ()
    device: torch.device | str = "cpu"
    names: Sequence[str] = ()
    class_names: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.arrays, *(() if self.labels is None else ("label",)))

    @property
    def resident(self) -> bool:
        return True

    def digest(self) -> str:
        """SHA-256 of shapes, numbers, labels and of some rows: all of them would take as long as a pass."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256()
        some = self.ids[torch.linspace(0, len(self.ids) - 1, min(PROBED, len(self.ids))).long()]
        parts = {name: array[some] for name, array in self.arrays.items()}
        known = {"ids": self.ids} if self.labels is None else {"ids": self.ids, "label": self.labels}
        for name, tensor in sorted({**parts, **known}.items()):
            array = tensor.contiguous().numpy()
            total.update(f"{name} {array.dtype} {array.shape} of {len(self)}\n".encode())
            total.update(array.reshape(-1).view(np.uint8).data)
        return total.hexdigest()

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        """The given samples, on the device."""
        wanted = rows.cpu()
        found = {field: self._converted(field, array[self.ids[wanted]]) for field, array in self.arrays.items()}
        if self.labels is not None:
            found["label"] = self.labels[wanted]
        return {field: value.to(self.device) for field, value in found.items()}

    def _converted(self, field: str, rows: Tensor) -> Tensor:
        return images_to_float(self.convert(rows)) if field == "image" else self.convert(rows)

    def take(self, rows: Tensor) -> "MappedSamples":
        """The data set of the given samples, in that order."""
        rows = rows.cpu()
        return evolve(self, ids=self.ids[rows], labels=None if self.labels is None else self.labels[rows])

    def without(self, field: str) -> "MappedSamples":
        if field == "label":
            return evolve(self, labels=None)
        return evolve(self, arrays={name: array for name, array in self.arrays.items() if name != field})

    def with_labels(self, labels: Tensor) -> "MappedSamples":
        """The same samples with these labels."""
        return evolve(self, labels=labels.long().cpu())

    def to(self, device: torch.device | str) -> "MappedSamples":
        """The same data set with batches on another device."""
        return evolve(self, device=device)

"""Images in the rows of a table of Hugging Face `datasets`: mapped from the disk, decoded when they are wanted."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from attrs import evolve, frozen
from torch import Tensor

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.image_files import read_image


@frozen(eq=False)
class SavedRows:
    """Images by their rows in a `datasets.Dataset` whose column gives them as they were encoded.

    rows: those that are meant, in order. fingerprint: what `datasets` knows the table by.
    """

    table: Any
    column: str
    rows: Tensor
    ids: Tensor
    origin: str
    fingerprint: str
    labels: Tensor | None = None
    class_names: tuple[str, ...] = ()
    names: Sequence[str] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return ("image",) if self.labels is None else ("image", "label")

    @property
    def resident(self) -> bool:
        return False

    def digest(self) -> str:
        """SHA-256 of the fingerprint, the rows and the labels: the images themselves are not read for it."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256(self.fingerprint.encode())
        for tensor in (self.rows, self.ids, *(() if self.labels is None else (self.labels,))):
            total.update(tensor.contiguous().numpy().tobytes())
        return total.hexdigest()

    def __len__(self) -> int:
        return len(self.rows)

    def read_one(self, row: int) -> dict[str, Tensor]:
        """One sample, without a batch dimension."""
        number = int(self.rows[row])
        value = self.table[number][self.column]
        place = f"{self.origin}, row {number}"
        if not isinstance(value, dict) or not (value.get("bytes") or value.get("path")):
            raise BrokenData(f"there is no image in the column `{self.column}`", place)
        sample = {"image": read_image(BytesIO(value["bytes"]) if value.get("bytes") else Path(value["path"]), place)}
        return sample if self.labels is None else {**sample, "label": self.labels[row]}

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        """The given samples as a batch, which their images' sizes must allow: one sample always does."""
        samples = [self.read_one(row) for row in rows.tolist()]
        sizes = {tuple(sample["image"].shape) for sample in samples}
        if len(sizes) > 1:
            raise ValueError(f"images of different sizes cannot be one batch: {sorted(sizes)}")
        return {field: torch.stack([sample[field] for sample in samples]) for field in self.fields}

    def take(self, rows: Tensor) -> "SavedRows":
        """The data set of the given samples, in that order."""
        labels = None if self.labels is None else self.labels[rows]
        return evolve(self, rows=self.rows[rows], ids=self.ids[rows], labels=labels)

    def without(self, field: str) -> "SavedRows":
        return evolve(self, labels=None) if field == "label" else self

    def with_labels(self, labels: Tensor) -> "SavedRows":
        """The same samples with these labels."""
        return evolve(self, labels=labels.long().cpu())

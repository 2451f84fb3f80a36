"""Samples in memory and samples in image files: what the data ops of the library return."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from attrs import evolve, frozen
from torch import Tensor

from ssldsl.ops.archives import Folder, Inside
from ssldsl.ops.data import Samples, class_names_of
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.decorator import OpTraits
from ssldsl.ops.image_files import images_to_float, read_pixels

GROUP = "balanced by"  # a field that no spec can name: of a balanced stream, the group of every sample


def read_stored(data: Samples, rows: Tensor) -> dict[str, Tensor]:
    """The given samples, images as bytes where files of their own hold them so."""
    if isinstance(data, AddedFields):
        return {**read_stored(data.base, rows), **data.added_to(rows)}
    return data.read_stored(rows) if isinstance(data, FileSamples) else data.read(rows)


@frozen(eq=False)
class MemorySamples:
    """Samples that lie in memory as one tensor per field, images as bytes where they came as bytes.

    origin: the file or folder the tensors were read from, for messages. notes: what a person should know of them.
    computed_from: of numbers that a sum gave, and whose last digits may differ between machines, what they are made of.
    class_names: what the labels stand for, where it is known.
    """

    tensors: Mapping[str, Tensor]
    ids: Tensor
    names: Sequence[str] = ()
    origin: str = ""
    notes: tuple[str, ...] = ()
    computed_from: str = ""
    class_names: tuple[str, ...] = ()

    @staticmethod
    def of(origin: str = "", class_names: Sequence[str] = (), /, **tensors: Tensor | None) -> "MemorySamples":
        """Samples numbered from 0. A field that is None is left out; labels become int64."""
        kept = {field: t for field, t in tensors.items() if t is not None}
        lengths = {field: len(t) for field, t in kept.items()}
        if len(set(lengths.values())) != 1:
            raise BrokenData(f"the fields have different lengths: {lengths}", origin)
        if "label" in kept:
            kept["label"] = kept["label"].long()
        numbers = torch.arange(next(iter(lengths.values())))
        return MemorySamples(kept, numbers, (), origin, class_names=tuple(class_names))

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.tensors)

    @property
    def resident(self) -> bool:
        return True

    @property
    def labels(self) -> Tensor | None:
        return self.tensors.get("label")

    def digest(self) -> str:
        """SHA-256 of every field and of the sample numbers."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256(self.computed_from.encode())
        main = () if self.computed_from else tuple(self.tensors)
        exact = {field: t for field, t in self.tensors.items() if field in (*main, "label")}
        for name, tensor in sorted({**exact, "ids": self.ids}.items()):
            array = tensor.cpu().contiguous().numpy()
            total.update(f"{name} {array.dtype} {array.shape}\n".encode())
            total.update(array.reshape(-1).view(np.uint8).data)
        return total.hexdigest()

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        """The given samples, on the device where the data lie; images as float32, whatever floats they came as."""
        found = {}
        for field, tensor in self.tensors.items():
            part = tensor[rows.to(tensor.device)]
            found[field] = images_to_float(part).float() if field == "image" else part
        return found

    def take(self, rows: Tensor) -> "MemorySamples":
        """The data set of the given samples, in that order."""
        tensors = {field: t[rows.to(t.device)] for field, t in self.tensors.items()}
        names = tuple(self.names[row] for row in rows.tolist()) if self.names else ()
        return evolve(self, tensors=tensors, ids=self.ids[rows.to(self.ids.device)], names=names)

    def without(self, field: str) -> "MemorySamples":
        return evolve(self, tensors={name: t for name, t in self.tensors.items() if name != field})

    def with_labels(self, labels: Tensor) -> "MemorySamples":
        """The same samples with these labels."""
        return evolve(self, tensors={**self.tensors, "label": labels.long().to(self.ids.device)})

    def to(self, device: torch.device | str) -> "MemorySamples":
        """The same data set on another device."""
        return evolve(self, tensors={name: t.to(device) for name, t in self.tensors.items()}, ids=self.ids.to(device))


def in_memory(data: Samples, reader: str) -> MemorySamples:
    """The samples as tensors, for what computes something of all of them."""
    if isinstance(data, MemorySamples):
        return data
    origin = str(getattr(data, "origin", ""))
    if not data.resident:
        raise BrokenData(f"`{reader}` reads all samples at once, and these lie in files of their own", origin)
    everything = data.read(torch.arange(len(data)))
    return MemorySamples(everything, data.ids, tuple(data.names), origin, class_names=class_names_of(data))


def stacked(values: list[Tensor]) -> Tensor:
    """Values of samples as a batch. Images of more than eight bits make floats of the others."""
    if len(values) == 1:
        return values[0].unsqueeze(0)
    if len({value.dtype for value in values}) > 1:
        values = list(map(images_to_float, values))
    return torch.stack(values)


@frozen(eq=False)
class FileSamples:
    """Images in files, read one by one as RGB; their sizes may differ. `names` are paths below `folder`.

    folder: it may lie in an archive, or be several of them.
    notes: what a person should know of how they were found. class_names: what the labels stand for, where it is known.
    """

    folder: Folder
    names: Sequence[str]
    ids: Tensor
    labels: Tensor | None = None
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return ("image",) if self.labels is None else ("image", "label")

    @property
    def resident(self) -> bool:
        return False

    @property
    def origin(self) -> str:
        return str(self.folder)

    def digest(self) -> str:
        """SHA-256 of the list of names, sizes and labels: the images themselves are not read for it."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256()
        labels = [None] * len(self.names) if self.labels is None else self.labels.tolist()
        for name, number, label in zip(self.names, self.ids.tolist(), labels, strict=True):
            total.update(os.fsencode(name) + f"\0{self._size(name)}\0{number}\0{label}\n".encode())
        return total.hexdigest()

    def _size(self, name: str) -> int:
        file = self.folder / name
        try:
            return file.size if isinstance(file, Inside) else file.stat().st_size
        except OSError as error:
            raise BrokenData(error.strerror or "cannot be read", str(file)) from error

    def __len__(self) -> int:
        return len(self.names)

    def read_one(self, row: int) -> dict[str, Tensor]:
        """One sample, without a batch dimension; its image as bytes where the file holds bytes."""
        sample = {"image": read_pixels(self.folder / self.names[row])}
        if self.labels is not None:
            sample["label"] = self.labels[row]
        return sample

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        """The given samples as a batch, which their images' sizes must allow: one sample always does."""
        found = self.read_stored(rows)
        return {**found, "image": images_to_float(found["image"])}

    def read_stored(self, rows: Tensor) -> dict[str, Tensor]:
        """The same with images as bytes where the files hold bytes."""
        samples = [self.read_one(row) for row in rows.tolist()]
        sizes = {tuple(sample["image"].shape) for sample in samples}
        if len(sizes) > 1:
            raise ValueError(f"images of different sizes cannot be one batch: {sorted(sizes)}")
        return {field: stacked([sample[field] for sample in samples]) for field in self.fields}

    def take(self, rows: Tensor) -> "FileSamples":
        """The data set of the given samples, in that order."""
        names = tuple(self.names[row] for row in rows.tolist())
        return evolve(self, names=names, ids=self.ids[rows], labels=None if self.labels is None else self.labels[rows])

    def without(self, field: str) -> "FileSamples":
        return evolve(self, labels=None) if field == "label" else self

    def with_labels(self, labels: Tensor) -> "FileSamples":
        """The same samples with these labels."""
        return evolve(self, labels=labels.long().cpu())


def with_fields(data: Samples, **fields: Tensor) -> Samples:
    """The same samples with further fields, a row a sample, or others in place of those of the same names."""
    wrong = {name: len(values) for name, values in fields.items() if len(values) != len(data)}
    if wrong:
        raise ValueError(f"{len(data)} samples, and values for {wrong}")
    if "label" in fields:
        data = data.with_labels(fields.pop("label"))
    if not fields:
        return data
    if isinstance(data, MemorySamples):
        return evolve(data, tensors={**data.tensors, **{n: v.to(data.ids.device) for n, v in fields.items()}})
    if isinstance(data, AddedFields):
        return evolve(data, added={**data.added, **{n: v.cpu() for n, v in fields.items()}})
    return AddedFields(data, {name: values.cpu() for name, values in fields.items()})


def field_of(data: Samples, name: str) -> Tensor | None:
    """A field of all samples that lies in memory, or nothing where there is none."""
    if name == "label":
        return data.labels
    if isinstance(data, AddedFields):
        return data.added[name] if name in data.added else field_of(data.base, name)
    return data.tensors.get(name) if isinstance(data, MemorySamples) else None


@frozen(eq=False)
class AddedFields:
    """Samples that lie elsewhere, such as in files, with further fields that lie in memory, a row a sample."""

    base: Samples
    added: Mapping[str, Tensor]

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.base.fields, *self.added)

    @property
    def resident(self) -> bool:
        return self.base.resident

    @property
    def ids(self) -> Tensor:
        return self.base.ids

    @property
    def names(self) -> Sequence[str]:
        return self.base.names

    @property
    def labels(self) -> Tensor | None:
        return self.base.labels

    @property
    def class_names(self) -> tuple[str, ...]:
        return class_names_of(self.base)

    def digest(self) -> str:
        """SHA-256 of the samples and of the fields."""
        total = hashlib.sha256(self.base.digest().encode())
        for name, values in sorted(self.added.items()):
            array = values.contiguous().numpy()
            total.update(f"{name} {array.dtype} {array.shape}\n".encode())
            total.update(array.reshape(-1).view(np.uint8).data)
        return total.hexdigest()

    def __len__(self) -> int:
        return len(self.base)

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        return {**self.base.read(rows), **self.added_to(rows)}

    def added_to(self, rows: Tensor) -> dict[str, Tensor]:
        """The further fields of the given samples."""
        return {name: values[rows.cpu()] for name, values in self.added.items()}

    def take(self, rows: Tensor) -> "AddedFields":
        return AddedFields(self.base.take(rows), {name: values[rows.cpu()] for name, values in self.added.items()})

    def without(self, field: str) -> "AddedFields":
        if field not in self.added:
            return evolve(self, base=self.base.without(field))
        return evolve(self, added={name: values for name, values in self.added.items() if name != field})

    def with_labels(self, labels: Tensor) -> "AddedFields":
        return evolve(self, base=self.base.with_labels(labels))


def count_classes(splits: Mapping[str, Samples]) -> int | None:
    """One more than the highest label of all splits that can be read; nothing where none has labels."""
    highest = []
    for split in splits:
        try:
            labels = splits[split].labels
        except BrokenData:  # said where it is asked for
            continue
        highest += [int(labels.max())] if labels is not None and len(labels) else []
    return max(highest) + 1 if highest else None


class SplitsOnUse(Mapping[str, Samples]):
    """The splits of a data source, each read at its first use and then checked against what the source declares.

    listed: how many classes there are where there is a list of them, whether or not every split has samples of each.
    """

    def __init__(
        self,
        name: str,
        traits: OpTraits,
        readers: Mapping[str, Callable[[], Samples]],
        listed: Callable[[], int] | None = None,
        /,
        **settings: int | None,
    ) -> None:
        self._name, self._traits, self._readers, self._settings = name, traits, readers, settings
        self._listed = listed
        self._opened: dict[str, Samples] = {}

    def __getitem__(self, split: str) -> Samples:
        if split not in self._opened:
            samples = self._readers[split]()
            self._check(split, samples)
            self._opened[split] = samples
        return self._opened[split]

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)

    @cached_property
    def classes(self) -> int | None:
        """How many classes there are: as declared or listed, else as the labels of all splits say that are there."""
        declared = self._declared(self._traits.classes)
        if declared is not None:
            return declared
        return self._listed() if self._listed is not None else count_classes(self)

    def _declared(self, size: int | str | None) -> int | None:
        """A size that is known before reading."""
        if isinstance(size, str):
            return int(size) if size.isdigit() else self._settings.get(size)
        return size

    def _check(self, split: str, samples: Samples) -> None:
        size = (self._traits.splits or {})[split]
        expected = self._declared(size)
        origin = getattr(samples, "origin", "")
        if expected is not None and len(samples) != expected:
            remark = f"; if that is meant, say `{size}={len(samples)}`" if size in self._settings else ""
            reason = f"`{self._name}.{split}` has {len(samples)} samples instead of {expected}{remark}"
            raise BrokenData(reason, origin)
        labels, classes = samples.labels, self._declared(self._traits.classes)
        if labels is not None and len(labels):
            low, high = int(labels.min()), int(labels.max())
            if low < 0 or (classes is not None and high >= classes):
                known = "classes are numbered from 0" if classes is None else f"{classes} classes"
                raise BrokenData(f"`{self._name}.{split}` has labels {low} to {high}, and {known}", origin)
        if samples.resident and len(samples):
            first = samples.read(torch.zeros(1, dtype=torch.int64))
            for field, dims in (self._traits.fields or {}).items():
                self._check_shape(split, dims.split(), tuple(first[field].shape[1:]), origin)

    def _check_shape(self, split: str, dims: Sequence[str], found: tuple[int, ...], origin: str) -> None:
        wanted = [self._declared(dim) for dim in dims]
        if len(found) != len(wanted) or any(w not in (None, f) for w, f in zip(wanted, found, strict=True)):
            text = " ".join(dim if size is None else str(size) for dim, size in zip(dims, wanted, strict=True))
            reason = f"`{self._name}.{split}` has samples of the shape {' '.join(map(str, found))} instead of {text}"
            raise BrokenData(reason, origin)

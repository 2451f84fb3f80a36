"""Samples of several data sets as those of one."""

import hashlib
from collections.abc import Sequence

import torch
from attrs import evolve, frozen
from torch import Tensor

from ssldsl.ops.data import Samples, class_names_of
from ssldsl.ops.image_files import images_to_float
from ssldsl.ops.samples import MemorySamples


def join(parts: Sequence[Samples]) -> Samples:
    """The samples of all parts in order, numbered from 0, with the fields that all of them have."""
    fields = [field for field in parts[0].fields if all(field in part.fields for part in parts)]
    parts = [_with(part, fields) for part in parts]
    if all(isinstance(part, MemorySamples) for part in parts):
        return _in_memory([part for part in parts if isinstance(part, MemorySamples)], fields)
    lengths = torch.tensor([len(part) for part in parts])
    part = torch.arange(len(parts)).repeat_interleave(lengths)
    row = torch.cat([torch.arange(length) for length in lengths.tolist()])
    return JoinedSamples(tuple(parts), part, row, torch.arange(len(part)), tuple(fields))


def _with(part: Samples, fields: Sequence[str]) -> Samples:
    for field in set(part.fields) - set(fields):
        part = part.without(field)
    return part


def _in_memory(parts: Sequence[MemorySamples], fields: Sequence[str]) -> MemorySamples:
    tensors = {field: _one([part.tensors[field] for part in parts]) for field in fields}
    names = tuple(name for part in parts for name in part.names)
    total = sum(len(part) for part in parts)
    computed = " + ".join(part.digest() for part in parts) if any(part.computed_from for part in parts) else ""
    return MemorySamples(
        tensors,
        torch.arange(total),
        names if len(names) == total else (),
        " and ".join(dict.fromkeys(part.origin for part in parts)),
        tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        computed,
        _class_names(parts),
    )


def _class_names(parts: Sequence[Samples]) -> tuple[str, ...]:
    """What the labels of all parts stand for, where those that say it agree."""
    said = {names for part in parts if (names := class_names_of(part))}
    return said.pop() if len(said) == 1 else ()


def _one(tensors: Sequence[Tensor]) -> Tensor:
    """All rows; bytes of images become numbers where some are numbers."""
    kinds = {tensor.dtype for tensor in tensors}
    return torch.cat(tuple(tensors) if len(kinds) == 1 else [images_to_float(tensor) for tensor in tensors])


@frozen(eq=False)
class JoinedSamples:
    """Samples of several data sets, by the number of the part and the row in it; they are read where they lie."""

    parts: tuple[Samples, ...]
    part: Tensor
    row: Tensor
    ids: Tensor
    fields: tuple[str, ...]
    given: Tensor | None = None  # labels that replace those of the parts

    @property
    def resident(self) -> bool:
        return all(part.resident for part in self.parts)

    @property
    def names(self) -> Sequence[str]:
        if not all(part.names for part in self.parts):
            return ()
        return [self.parts[part].names[row] for part, row in zip(self.part.tolist(), self.row.tolist(), strict=True)]

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(note for part in self.parts for note in getattr(part, "notes", ())))

    @property
    def class_names(self) -> tuple[str, ...]:
        return _class_names(self.parts)

    @property
    def labels(self) -> Tensor | None:
        if "label" not in self.fields or self.given is not None:
            return self.given
        found = torch.empty(len(self.ids), dtype=torch.int64)
        for number, part in enumerate(self.parts):
            own = self.part == number
            assert part.labels is not None
            found[own] = part.labels.cpu()[self.row[own]]
        return found

    def digest(self) -> str:
        """SHA-256 of what the parts are, and of which samples of them these are."""
        total = hashlib.sha256("\n".join(part.digest() for part in self.parts).encode())
        for tensor in (self.part, self.row, self.ids, *(() if self.given is None else (self.given,))):
            total.update(tensor.cpu().contiguous().numpy().tobytes())
        return total.hexdigest()

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        """The given samples, in that order."""
        wanted = rows.cpu()
        part, row = self.part[wanted], self.row[wanted]
        places = [(part == number).nonzero().squeeze(1) for number in range(len(self.parts))]
        read = [self.parts[n].read(row[place]) for n, place in enumerate(places) if len(place)]
        order = torch.cat([place for place in places if len(place)]).argsort()
        found = {field: torch.cat([each[field] for each in read]) for field in self.fields if field in read[0]}
        found = {field: values[order.to(values.device)] for field, values in found.items()}
        if self.given is not None:
            found["label"] = self.given[wanted].to(found[self.fields[0]].device)
        return found

    def take(self, rows: Tensor) -> "JoinedSamples":
        """The data set of the given samples, in that order."""
        rows = rows.cpu()
        given = None if self.given is None else self.given[rows]
        return evolve(self, part=self.part[rows], row=self.row[rows], ids=self.ids[rows], given=given)

    def without(self, field: str) -> "JoinedSamples":
        parts = tuple(part.without(field) if field in part.fields else part for part in self.parts)
        given = None if field == "label" else self.given
        return evolve(self, parts=parts, fields=tuple(f for f in self.fields if f != field), given=given)

    def with_labels(self, labels: Tensor) -> "JoinedSamples":
        """The same samples with these labels."""
        fields = (*(f for f in self.fields if f != "label"), "label")
        return evolve(self, fields=fields, given=labels.long().cpu())

    def to(self, device: torch.device | str) -> "JoinedSamples":
        """The same data set with batches on another device."""
        return evolve(self, parts=tuple(part.to(device) if hasattr(part, "to") else part for part in self.parts))

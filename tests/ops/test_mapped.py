"""Samples whose arrays are files: as those in memory, but for what they take of it."""

import torch

from ssldsl.ops.data import Samples
from ssldsl.ops.mapped import PROBED, MappedSamples
from ssldsl.ops.samples import MemorySamples

IMAGES = torch.arange(0, 250, 10, dtype=torch.uint8).view(5, 1, 1, 5)
LABELS = torch.tensor([0, 1, 2, 1, 0])


def mapped(images: torch.Tensor = IMAGES, labels: torch.Tensor = LABELS) -> MappedSamples:
    return MappedSamples({"image": images}, lambda rows: rows, torch.arange(len(images)), labels, "here")


def test_batches_are_those_of_samples_in_memory() -> None:
    both = mapped(), MemorySamples.of("here", image=IMAGES, label=LABELS)
    rows = torch.tensor([3, 0, 3])
    part = torch.tensor([4, 2, 1])
    changes = (lambda s: s.to("cpu"), lambda s: s.take(part), lambda s: s.take(part).take(part[1:] - 1))
    for change in changes:
        ours, theirs = (change(samples) for samples in both)
        wanted = rows[rows < len(ours)]
        assert isinstance(ours, Samples) and ours.fields == theirs.fields and ours.ids.tolist() == theirs.ids.tolist()
        assert all(torch.equal(value, theirs.read(wanted)[name]) for name, value in ours.read(wanted).items())


def test_fields_are_taken_away_and_labels_are_given() -> None:
    assert mapped().without("label").labels is None and mapped().without("label").fields == ("image",)
    assert mapped().without("image").fields == ("label",)
    assert mapped().without("label").with_labels(LABELS + 1).read(torch.tensor([1]))["label"].tolist() == [2]


def test_the_digest_follows_rows_numbers_and_labels() -> None:
    others = [mapped(IMAGES + 1), mapped(labels=LABELS + 1), mapped().take(torch.arange(4)), mapped().without("label")]
    assert mapped().digest() == mapped().digest() and len({s.digest() for s in (mapped(), *others)}) == 5
    many = torch.zeros(3 * PROBED, 1, 1, 1, dtype=torch.uint8)
    first, last = many.clone(), many.clone()
    first[0], last[-1] = 1, 1
    assert len({mapped(images, torch.zeros(len(images))).digest() for images in (many, first, last)}) == 3


def test_batches_go_to_the_device() -> None:
    batch = mapped().to("meta").read(torch.tensor([0]))
    assert {value.device.type for value in batch.values()} == {"meta"}

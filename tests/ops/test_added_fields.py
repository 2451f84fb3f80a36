"""Fields that are added to samples stay with them, wherever they lie."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from ssldsl.ops.samples import FileSamples, MemorySamples, field_of, with_fields

VALUES = torch.tensor([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])


def in_memory(_: Path) -> MemorySamples:
    return MemorySamples.of("here", image=torch.zeros(3, 1, 2, 2), label=torch.tensor([2, 1, 0]))


def in_files(folder: Path) -> FileSamples:
    names = ("a.png", "b.png", "c.png")
    for name in names:
        Image.new("RGB", (2, 2)).save(folder / name)
    return FileSamples(folder, names, torch.arange(3), torch.tensor([2, 1, 0]))


@pytest.mark.parametrize("make", [in_memory, in_files])
def test_a_field_follows_its_samples(make, tmp_path):
    made = with_fields(make(tmp_path), target=VALUES).take(torch.tensor([2, 0]))
    assert made.fields == ("image", "label", "target")
    assert made.ids.tolist() == [2, 0] and made.labels.tolist() == [0, 2]
    assert made.read(torch.tensor([1]))["target"].tolist() == VALUES[:1].tolist()
    assert field_of(made, "target").tolist() == VALUES[[2, 0]].tolist()


@pytest.mark.parametrize("make", [in_memory, in_files])
def test_a_field_is_replaced_taken_away_and_part_of_the_digest(make, tmp_path):
    one = with_fields(make(tmp_path), target=VALUES)
    other = with_fields(one, target=1 - VALUES)
    assert field_of(other, "target").tolist() == (1 - VALUES).tolist()
    assert one.digest() != other.digest() or make is in_memory  # what was computed in memory is no part of its lock
    assert one.without("target").fields == ("image", "label")
    assert with_fields(one, label=torch.tensor([0, 0, 1])).labels.tolist() == [0, 0, 1]


def test_a_field_needs_a_row_for_every_sample(tmp_path):
    with pytest.raises(ValueError, match="3 samples"):
        with_fields(in_memory(tmp_path), target=VALUES[:2])

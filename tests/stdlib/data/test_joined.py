from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from data_specs import checked, codes
from PIL import Image

from ssldsl.ops.samples import FileSamples, MemorySamples
from ssldsl.stdlib.data.joined import joined

Make = Callable[[list[int]], MemorySamples]


def test_the_samples_of_both_stand_one_after_the_other_numbered_anew(labeled: Make) -> None:
    first, second = labeled([3, 2]), labeled([1, 3]).take(torch.tensor([3, 1]))
    found = joined(first, second)
    images = [*first.tensors["image"].flatten().tolist(), *second.tensors["image"].flatten().tolist()]
    assert found.read(torch.arange(7))["image"].flatten().tolist() == images
    assert found.ids.tolist() == list(range(7))
    assert found.labels is not None and second.labels is not None
    assert found.labels[5:].tolist() == second.labels.tolist()


def test_samples_keep_the_fields_that_both_have(labeled: Make) -> None:
    assert joined(labeled([3, 2]), labeled([3, 2]).without("label")).fields == ("image",)


def test_bytes_and_numbers_have_one_scale(labeled: Make) -> None:
    dark = MemorySamples.of(image=torch.full((1, 1, 1, 1), 255, dtype=torch.uint8), label=torch.zeros(1))
    assert joined(dark, labeled([1])).read(torch.tensor([0]))["image"].item() == 1


def files(folder: Path, shades: list[int]) -> FileSamples:
    folder.mkdir()
    names = [f"{shade}.png" for shade in shades]
    for name, shade in zip(names, shades, strict=True):
        Image.new("RGB", (2, 2), (shade, shade, shade)).save(folder / name)
    return FileSamples(folder, names, torch.arange(len(names)), torch.tensor(shades))


def test_samples_in_files_are_read_where_they_lie(tmp_path: Path) -> None:
    parts = files(tmp_path / "a", [0, 51, 102]), files(tmp_path / "b", [153, 204])
    found = joined(*parts).take(torch.tensor([4, 0, 3]))
    read = found.read(torch.tensor([2, 0, 1]))
    assert read["image"][:, 0, 0, 0].tolist() == pytest.approx([0.6, 0.8, 0.0])
    assert read["label"].tolist() == [153, 204, 0]
    assert found.ids.tolist() == [4, 0, 3] and not found.resident
    assert found.labels is not None and found.labels.tolist() == [204, 0, 153]
    assert list(found.names) == ["204.png", "0.png", "153.png"]


def test_other_labels_replace_those_of_the_parts(tmp_path: Path) -> None:
    found = joined(files(tmp_path / "a", [0]), files(tmp_path / "b", [153])).with_labels(torch.tensor([5, 6]))
    assert found.take(torch.tensor([1])).read(torch.tensor([0]))["label"].tolist() == [6]
    assert found.without("label").labels is None and "label" not in found.without("label").read(torch.tensor([0]))


def test_the_size_is_the_sum() -> None:
    program = checked("transductive(joined(images.train, images.test))").unwrap()
    assert program.streams[0].size.value == 1797


def test_a_loss_must_not_see_held_out_data_through_any_operand() -> None:
    assert codes("joined(images.train, images.test)") == ["D405"]
    assert codes("unlabel(joined(images.test, images.train))") == ["D405"]
    assert codes("joined(images.train, images.train.holdout(100)).subset(200)") == ["D405"]


def test_data_put_together_have_labels_only_where_all_have() -> None:
    assert codes("joined(images.train, unlabel(images.train))", "ce(all)") == ["D401"]
    assert codes("joined(images.train, images.train)", "ce(all)") == []


def test_samples_of_other_shapes_or_kinds_are_refused() -> None:
    assert codes("joined(images.train, others.train)") == ["T311"]
    assert codes("joined(images.train, moons.train)") == ["T310"]


def test_data_put_together_number_their_samples_anew() -> None:
    assert codes("joined(images.train, images.train).minus(images.train.subset(10))") == ["D515"]

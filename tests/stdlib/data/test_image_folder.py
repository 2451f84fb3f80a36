import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssldsl.ops.places import BrokenData, MissingData
from ssldsl.ops.samples import FileSamples
from ssldsl.stdlib.data.image_folder import image_folder
from ssldsl.stdlib.data.imagenet import imagenet


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos of three classes in `train` and of two of them in `val`, of different sizes and kinds."""
    random = np.random.default_rng(0)
    kinds = [("a.png", "RGB"), ("b.jpg", "L"), ("c.png", "RGBA"), ("d.JPEG", "RGB")]
    for split, classes in (("train", ["cat", "dog", "eel"]), ("val", ["cat", "eel"])):
        for number, name in enumerate(classes):
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for file, mode in kinds:
                pixels = random.integers(0, 256, (6 + number, 9, 3), dtype=np.uint8)
                Image.fromarray(pixels).convert(mode).save(folder / file)
            (folder / "notes.txt").write_text("no image")
    return tmp_path / "photos"


def test_images_and_labels_are_those_that_torchvision_reads(photos: Path) -> None:
    from torchvision.datasets import ImageFolder
    from torchvision.transforms.functional import pil_to_tensor

    found = image_folder(path=str(photos))["train"]
    expected = ImageFolder(str(photos / "train"))
    assert len(found) == len(expected) == 12
    for row, (image, label) in enumerate(expected):
        one = found.read(torch.tensor([row]))
        torch.testing.assert_close(one["image"], pil_to_tensor(image).unsqueeze(0) / 255)
        assert one["label"].tolist() == [label]


def test_a_class_has_the_same_number_in_every_split(photos: Path) -> None:
    assert image_folder(path=str(photos))["val"].labels.unique().tolist() == [0, 2]


def test_a_class_that_training_does_not_know_is_refused(photos: Path) -> None:
    (photos / "val" / "fox").mkdir()
    with pytest.raises(BrokenData, match=r"1 folders are no classes of the training images: \['fox'\]"):
        image_folder(path=str(photos))["val"]


def test_a_folder_of_classes_is_the_split_all(photos: Path) -> None:
    everything = image_folder(path=str(photos / "train"))["all"]
    assert everything.names[4] == "dog/a.png" and everything.labels.bincount().tolist() == [4, 4, 4]


def test_a_path_is_looked_for_here_and_below_the_data_roots(photos: Path, tmp_path: Path) -> None:
    assert len(image_folder(path="photos")["val"]) == 8
    assert len(image_folder(path="train", root=str(photos))["all"]) == 12
    with pytest.raises(MissingData, match="elsewhere"):
        image_folder(path="elsewhere")


def test_a_split_that_is_not_there_is_named(photos: Path) -> None:
    with pytest.raises(BrokenData, match=r"photos/test: there is no such folder"):
        image_folder(path=str(photos))["test"]


def test_images_of_different_sizes_are_read_one_by_one(photos: Path) -> None:
    train = image_folder(path=str(photos))["train"]
    assert train.read(torch.tensor([0, 1]))["image"].shape == (2, 3, 6, 9)
    with pytest.raises(ValueError, match="different sizes"):
        train.read(torch.tensor([0, 4]))


def cut_off(photos: Path) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()[:-2000]


@pytest.mark.parametrize("content", [b"", b"no image at all", "cut off"])
def test_an_image_that_cannot_be_read_is_named(content: bytes | str, photos: Path) -> None:
    file = photos / "train" / "cat" / "b.jpg"
    file.write_bytes(content if isinstance(content, bytes) else cut_off(photos))
    with pytest.raises(BrokenData) as caught:
        image_folder(path=str(photos))["train"].read_one(1)
    assert caught.value.file == str(file)


def test_the_message_of_a_broken_image_survives_a_worker(photos: Path) -> None:
    (photos / "train" / "cat" / "a.png").write_bytes(b"no image at all")
    train = image_folder(path=str(photos))["train"]

    class Rows(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, row: int) -> dict[str, torch.Tensor]:
            return train.read_one(row)

    with pytest.raises(BrokenData, match=r"cat/a.png: this is no image"):
        next(iter(torch.utils.data.DataLoader(Rows(), num_workers=1)))


def test_the_digest_follows_names_sizes_and_labels_but_not_the_place(photos: Path, tmp_path: Path) -> None:
    first = image_folder(path=str(photos))["train"]
    shutil.copytree(photos, tmp_path / "copy")
    second = image_folder(path=str(tmp_path / "copy"))["train"]
    assert first.digest() == second.digest()
    assert first.take(torch.arange(3)).digest() != first.digest() != first.without("label").digest()
    with (tmp_path / "copy" / "train" / "dog" / "a.png").open("ab") as file:
        file.write(b"\0")
    assert image_folder(path=str(tmp_path / "copy"))["train"].digest() != first.digest()


def test_imagenet_is_found_in_its_folder_and_counted(photos: Path, tmp_path: Path, declare: Callable) -> None:
    photos.rename(tmp_path / "imagenet")
    with pytest.raises(BrokenData, match=r"`imagenet.train` has 12 samples instead of 1281167"):
        imagenet(root=str(tmp_path))["train"]
    declare(imagenet, splits={"train": 12, "val": 8})
    splits = imagenet(root=str(tmp_path))
    assert isinstance(splits["train"], FileSamples) and splits["val"].labels.unique().tolist() == [0, 2]

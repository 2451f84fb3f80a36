import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.stdlib.data.image_folder import image_folder


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


def test_a_split_that_is_not_there_is_named_with_what_is_there(photos: Path) -> None:
    (photos / "tests").mkdir()
    with pytest.raises(BrokenData, match=r"photos/test: there is no such folder") as caught:
        image_folder(path=str(photos))["test"]
    there, meant = caught.value.reason.splitlines()[1:]
    assert there == "beside it are: `tests`, `train` (the split `train`), `val` (the split `val`)"
    assert meant == "did you mean `tests`?"


@pytest.mark.parametrize(
    ("split", "name"), [("train", "Train"), ("train", "training"), ("val", "validation"), ("val", "VALID")]
)
def test_a_split_is_found_by_its_other_names(split: str, name: str, photos: Path) -> None:
    expected = image_folder(path=str(photos))[split].names
    (photos / split).rename(photos / name)
    assert image_folder(path=str(photos))[split].names == expected


def test_two_folders_that_may_be_meant_are_none(photos: Path) -> None:
    shutil.copytree(photos / "train", photos / "Train")
    (photos / "train").rename(photos / "training")
    with pytest.raises(BrokenData, match="beside it are: `Train`"):
        image_folder(path=str(photos))["train"]


def test_splits_are_no_classes(photos: Path) -> None:
    with pytest.raises(BrokenData, match=r"splits and not classes\nwrite `\.train`"):
        image_folder(path=str(photos))["all"]


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


def test_files_that_are_not_read_are_counted_with_their_endings(photos: Path) -> None:
    for number in range(3):
        (photos / "train" / "cat" / f"{number}.gif").touch()
    (photos / "train" / "loose.png").touch()
    (photos / "train" / "Thumbs.db").touch()
    files, loose = image_folder(path=str(photos))["train"].take(torch.arange(2)).notes
    assert f"6 files are not read in {photos / 'train'} (3 .gif, 3 .txt); read are .bmp, .jpeg" in files
    assert f"1 picture lies in {photos / 'train'} itself, in no folder of a class" in loose


def test_a_folder_of_files_that_are_not_read_says_which_are(photos: Path) -> None:
    for file in (photos / "val").rglob("*.*"):
        file.rename(file.with_suffix(".avif"))
    with pytest.raises(BrokenData, match=r"no images in the folders of this folder\n.*10 \.avif\); read are \.bmp"):
        image_folder(path=str(photos))["val"]


def test_what_systems_leave_behind_is_no_class_and_no_picture(photos: Path) -> None:
    expected = image_folder(path=str(photos))["train"].names
    for name in (
        ".ipynb_checkpoints/a.png",
        "__MACOSX/a.png",
        "cat/._a.png",
        "dog/.ipynb_checkpoints/a-checkpoint.png",
    ):
        (photos / "train" / name).parent.mkdir(exist_ok=True)
        (photos / "train" / name).touch()
    assert image_folder(path=str(photos))["train"].names == expected


def test_folders_in_the_folder_of_a_class_belong_to_it(photos: Path) -> None:
    (photos / "train" / "cat" / "2024").mkdir()
    (photos / "train" / "cat" / "a.png").rename(photos / "train" / "cat" / "2024" / "a.png")
    train = image_folder(path=str(photos))["train"]
    assert "cat/2024/a.png" in train.names and train.labels.bincount().tolist() == [4, 4, 4]


@pytest.mark.parametrize("name", ["unlabeled", "Unlabelled"])
def test_pictures_without_labels_lie_beside_the_other_splits(name: str, photos: Path) -> None:
    (photos / name / "more").mkdir(parents=True)
    for place in (".", "more"):
        shutil.copy(photos / "train" / "cat" / "a.png", photos / name / place / "a.png")
    splits = image_folder(path=str(photos))
    assert splits["unlabeled"].names == ("a.png", "more/a.png") and splits["unlabeled"].labels is None
    assert splits.classes == 3


def test_a_flat_folder_is_unlabeled_pictures(photos: Path) -> None:
    flat = image_folder(path=str(photos / "train" / "cat"))
    assert flat["unlabeled"].names == ("a.png", "b.jpg", "c.png", "d.JPEG")
    with pytest.raises(BrokenData, match=r"4 pictures lie in .* the split `unlabeled`"):
        flat["all"]


def test_the_pictures_of_all_splits_together_are_not_the_unlabeled_ones(photos: Path) -> None:
    with pytest.raises(BrokenData, match=r"photos/unlabeled: there is no such folder"):
        image_folder(path=str(photos))["unlabeled"]


def test_a_file_is_no_folder(photos: Path) -> None:
    with pytest.raises(BrokenData, match="this is a file, and a folder of images is wanted"):
        image_folder(path=str(photos / "train" / "cat" / "a.png"))


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("above", [".", "photos"])
def test_an_archive_is_read_as_the_folder_that_was_packed(kind: str, above: str, photos: Path, tmp_path: Path) -> None:
    (photos / "unlabeled").mkdir()
    shutil.copy(photos / "train" / "cat" / "a.png", photos / "unlabeled" / "a.png")
    packed = shutil.make_archive(str(tmp_path / "packed"), kind, photos if above == "." else tmp_path, above)
    inside, outside = image_folder(path=packed), image_folder(path=str(photos))
    assert inside.classes == 3
    for split in ("train", "val", "unlabeled"):
        ours, expected = inside[split], outside[split]
        assert ours.names == expected.names and ours.class_names == expected.class_names
        assert all(
            torch.equal(ours.read_one(row)[field], expected.read_one(row)[field])
            for row in range(len(expected))
            for field in expected.fields
        )
        assert len(ours.notes) == len(expected.notes)


def test_a_damaged_file_in_an_archive_is_named(photos: Path, tmp_path: Path) -> None:
    (photos / "train" / "cat" / "b.jpg").write_bytes(b"no image at all")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", photos)
    with pytest.raises(BrokenData, match=r"packed\.zip/train/cat/b\.jpg: this is no image"):
        image_folder(path=packed)["train"].read_one(1)

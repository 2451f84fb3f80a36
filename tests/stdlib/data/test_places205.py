from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.stdlib.data.places205 import places205

ARCHIVED = "data/vision/torralba/deeplearning/images256"
TRAIN = [("a/abbey/gsun_1.jpg", 0), ("b/bar/gsun_2.jpg", 17), ("y/yard/gsun_3.jpg", 204)]
VAL = [("a/abbey/gsun_4.jpg", 0), ("b/bar/gsun_5.jpg", 17)]


@pytest.fixture
def scenes(tmp_path: Path) -> Callable[[str, str], Path]:
    """`scenes(folder of the lists, folder of the images)`: a small copy; every image has a color of its own."""

    def make(lists: str, images: str) -> Path:
        root = tmp_path / "places205"
        (root / lists).mkdir(parents=True, exist_ok=True)
        for split, entries in (("train", TRAIN), ("val", VAL)):
            (root / lists / f"{split}_places205.csv").write_text("".join(f"{n} {c}\n" for n, c in entries))
            for name, _ in entries:
                file = root / images / name
                file.parent.mkdir(parents=True, exist_ok=True)
                color = int(name[-5]) * 40
                Image.fromarray(np.full((8, 8, 3), color, dtype=np.uint8)).save(file, quality=95)
        return root

    return make


@pytest.mark.parametrize("lists", ["", "trainvalsplit_places205"])
@pytest.mark.parametrize("images", ["", "images256", ARCHIVED])
def test_images_and_classes_are_those_of_the_lists(
    scenes: Callable[[str, str], Path], declare: Callable, lists: str, images: str
) -> None:
    root = scenes(lists, images)
    declare(places205, splits={"train": 3, "val": 2})
    splits = places205(root=str(root.parent))
    assert splits["train"].labels.tolist() == [0, 17, 204] and splits["val"].labels.tolist() == [0, 17]
    assert splits["val"].names == ("a/abbey/gsun_4.jpg", "b/bar/gsun_5.jpg")
    sample = splits["train"].read(torch.tensor([2]))
    assert sample["label"].tolist() == [204]
    torch.testing.assert_close(sample["image"], torch.full((1, 3, 8, 8), 120 / 255), atol=0.01, rtol=0)


def test_its_own_folder_may_be_the_root(scenes: Callable[[str, str], Path], declare: Callable) -> None:
    root = scenes("", "")
    declare(places205, splits={"train": 3, "val": 2})
    assert len(places205(root=str(root))["train"]) == 3


def test_without_it_the_message_says_how_to_get_it() -> None:
    with pytest.raises(MissingData, match=r"trainvalsplit_places205\.tar\.gz.*\n.*SSLDSL_DATA"):
        places205()["train"]


def test_a_list_without_its_images_says_where_they_were_looked_for(scenes: Callable[[str, str], Path]) -> None:
    root = scenes("", "elsewhere")
    with pytest.raises(
        BrokenData, match=r"train_places205\.csv: its first image, a/abbey/gsun_1\.jpg, is in none of .*images256"
    ):
        places205(root=str(root))["train"]


@pytest.mark.parametrize(
    ("text", "reason"), [("", "no images"), ("a/b.jpg 1\nc.jpg\n", "line 2 is not"), ("a.jpg one\n", "line 1 is not")]
)
def test_a_list_that_is_none_is_named_with_its_line(scenes: Callable[[str, str], Path], text: str, reason: str) -> None:
    root = scenes("", "")
    (root / "train_places205.csv").write_text(text)
    with pytest.raises(BrokenData, match=rf"train_places205\.csv: {reason}"):
        places205(root=str(root))["train"]


def test_an_incomplete_copy_is_counted(scenes: Callable[[str, str], Path]) -> None:
    root = scenes("", "")
    with pytest.raises(BrokenData, match=r"`places205.train` has 3 samples instead of 2448873"):
        places205(root=str(root))["train"]

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.stdlib.data.stl10 import stl10

SPLITS = {"train": 3, "test": 8000, "unlabeled": 2}


@pytest.fixture
def files(tmp_path: Path) -> np.ndarray:
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 96, 96), dtype=np.uint8)
    images.tofile(folder / "train_X.bin")
    images[:2].tofile(folder / "unlabeled_X.bin")
    np.array([1, 10, 4], dtype=np.uint8).tofile(folder / "train_y.bin")
    return images


def test_images_are_turned_and_classes_counted_from_zero(files: np.ndarray, tmp_path: Path, declare: Callable) -> None:
    declare(stl10, splits=SPLITS)
    train = stl10(root=str(tmp_path))["train"]
    expected = torch.from_numpy(files.transpose(0, 1, 3, 2).copy()) / 255
    torch.testing.assert_close(train.read(torch.arange(3))["image"], expected)
    assert train.labels.tolist() == [0, 9, 3]


def test_the_unlabeled_split_has_no_labels(files: np.ndarray, tmp_path: Path, declare: Callable) -> None:
    declare(stl10, splits=SPLITS)
    unlabeled = stl10(root=str(tmp_path))["unlabeled"]
    assert unlabeled.fields == ("image",) and unlabeled.labels is None and len(unlabeled) == 2


def test_a_file_that_was_cut_off_is_named(files: np.ndarray, tmp_path: Path) -> None:
    file = tmp_path / "stl10_binary" / "train_X.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BrokenData, match=r"train_X.bin: 82943 bytes are no whole number"):
        stl10(root=str(tmp_path))["train"]

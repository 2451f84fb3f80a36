from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat

from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.stdlib.data.svhn import svhn


@pytest.mark.parametrize("folder", ["", "SVHN"])
def test_images_and_labels_are_those_that_torchvision_reads(folder: str, tmp_path: Path, declare: Callable) -> None:
    from torchvision.datasets import SVHN

    images = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 7), dtype=np.uint8)
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    savemat(place / "train_32x32.mat", {"X": images, "y": np.array([[10, 1, 2, 9, 10, 5, 3]]).T})
    declare(svhn, splits={"train": 7, "test": 26032, "extra": 531131})
    found = svhn(root=str(tmp_path))["train"]

    class Unchecked(SVHN):
        def _check_integrity(self) -> bool:
            return True

    expected = Unchecked(str(place), "train", download=False)
    torch.testing.assert_close(found.read(torch.arange(7))["image"], torch.from_numpy(expected.data) / 255)
    assert found.labels.tolist() == [0, 1, 2, 9, 0, 5, 3] == expected.labels.tolist()


def test_a_split_that_no_one_reads_may_be_missing(tmp_path: Path) -> None:
    splits = svhn(root=str(tmp_path))
    assert list(splits) == ["train", "test", "extra"]
    with pytest.raises(MissingData, match=r"extra_32x32\.mat"):
        splits["extra"]


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_32x32.mat").write_bytes(b"<html>" * 100)
    with pytest.raises(BrokenData, match=r"test_32x32.mat"):
        svhn(root=str(tmp_path))["test"]

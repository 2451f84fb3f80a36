from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from dataset_files import SPLITS, write_idx, write_set

from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.stdlib.data.mnist import mnist, read_idx


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_both_splits_are_read_from_the_layout_of_torchvision(suffix: str, tmp_path: Path, declare: Callable) -> None:
    write_set(tmp_path / "MNIST" / "raw", suffix)
    declare(mnist, splits=SPLITS)
    splits = mnist(root=str(tmp_path))
    assert (len(splits["train"]), len(splits["test"])) == (12, 4)
    assert splits["test"].labels.tolist() == [0, 1, 2, 3]


def test_pixels_and_labels_are_those_that_torchvision_reads(tmp_path: Path, declare: Callable) -> None:
    from torchvision.datasets import MNIST

    write_set(tmp_path / "MNIST" / "raw")
    declare(mnist, splits=SPLITS)
    found = mnist(root=str(tmp_path))["train"].read(torch.arange(12))
    expected = MNIST(str(tmp_path), train=True, download=False)
    torch.testing.assert_close(found["image"], expected.data.unsqueeze(1) / 255)
    assert torch.equal(found["label"], expected.targets)


def test_a_missing_set_says_where_it_was_looked_for_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLDSL_DATA", str(tmp_path / "mine"))
    with pytest.raises(MissingData) as caught:
        mnist()["train"]
    file = "MNIST/raw/train-images-idx3-ubyte"
    folders = [tmp_path / "mine", tmp_path / "data", tmp_path / "cache" / "ssldsl" / "data"]
    assert caught.value.places == tuple(str(f / name) for f in folders for name in (file, file + ".gz"))
    assert caught.value.name == "mnist" and "MNIST('data', download=True)" in str(caught.value)


def test_the_environment_names_the_folder_of_all_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declare: Callable
) -> None:
    write_set(tmp_path / "mine" / "MNIST" / "raw")
    monkeypatch.setenv("SSLDSL_DATA", str(tmp_path / "mine"))
    declare(mnist, splits=SPLITS)
    assert len(mnist()["train"]) == 12


def test_a_set_of_another_size_is_not_taken_for_the_real_one(tmp_path: Path) -> None:
    write_set(tmp_path / "MNIST" / "raw")
    with pytest.raises(BrokenData, match=r"`mnist.train` has 12 samples instead of 60000"):
        mnist(root=str(tmp_path))["train"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no IDX file"),
        (b"<html>not found</html>", "no IDX file"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "3 bytes of data where 5 belong"),
        (b"\0\0\x08\x03\0\0", "no IDX file"),
    ],
)
def test_a_broken_file_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_bytes(content)
    with pytest.raises(BrokenData, match=reason) as caught:
        read_idx(file)
    assert caught.value.file == str(file)


def test_a_gzipped_file_that_was_cut_off_is_named(tmp_path: Path) -> None:
    file = tmp_path / "labels.gz"
    write_idx(file, np.zeros(1000))
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(BrokenData, match="cannot be read"):
        read_idx(file)

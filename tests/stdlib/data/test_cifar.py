import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ssldsl.ops.places import BrokenData, MissingData
from ssldsl.stdlib.data.cifar10 import cifar10, read_batch
from ssldsl.stdlib.data.cifar100 import cifar100


def write_batch(path: Path, label: str, count: int, classes: int = 10) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(len(path.name)).integers(0, 256, (count, 3072), dtype=np.uint8)
    path.write_bytes(pickle.dumps({"data": data, label: [i % classes for i in range(count)], "filenames": []}, 2))
    return data


def test_training_batches_are_joined_in_their_order(tmp_path: Path, declare: Callable) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    parts = [write_batch(folder / f"data_batch_{number}", "labels", number) for number in range(1, 6)]
    declare(cifar10, splits={"train": 15, "test": 10000})
    train = cifar10(root=str(tmp_path))["train"]
    expected = torch.from_numpy(np.concatenate(parts)).view(15, 3, 32, 32) / 255
    torch.testing.assert_close(train.read(torch.arange(15))["image"], expected)
    assert train.labels.tolist() == [0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3, 4]


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    write_batch(tmp_path / "cifar-10-batches-py" / "data_batch_1", "labels", 2)
    with pytest.raises(MissingData, match="data_batch_2"):
        cifar10(root=str(tmp_path))["train"]


def test_labels_are_the_fine_ones(tmp_path: Path, declare: Callable) -> None:
    write_batch(tmp_path / "cifar-100-python" / "test", "fine_labels", 120, classes=100)
    declare(cifar100, splits={"train": "train_size", "test": 120})
    assert cifar100(root=str(tmp_path))["test"].labels.max() == 99


def test_a_part_of_the_training_set_must_be_asked_for(tmp_path: Path) -> None:
    write_batch(tmp_path / "cifar-100-python" / "train", "fine_labels", 200, classes=100)
    with pytest.raises(BrokenData, match=r"200 samples instead of 50000; if that is meant, say `train_size=200`"):
        cifar100(root=str(tmp_path))["train"]
    assert len(cifar100(root=str(tmp_path), train_size=200)["train"]) == 200


class Harmful:
    def __reduce__(self) -> tuple[Callable, tuple[str]]:
        return os.mkdir, ("harm",)


def test_a_file_that_wants_to_run_something_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "batch"
    file.write_bytes(pickle.dumps({"data": Harmful(), "labels": []}))
    with pytest.raises(BrokenData, match=r"the file wants to call posix\.mkdir"):
        read_batch(file, "labels")
    assert not Path("harm").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        pickle.dumps([1, 2]),
        pickle.dumps({"data": [1, 2, 3], "labels": [0]}),
        pickle.dumps({"data": np.zeros((1, 3072), np.uint8)}),
    ],
)
def test_a_file_that_is_no_batch_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "batch"
    file.write_bytes(content)
    with pytest.raises(BrokenData) as caught:
        read_batch(file, "labels")
    assert caught.value.file == str(file)

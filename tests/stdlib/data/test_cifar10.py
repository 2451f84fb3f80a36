import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from dataset_files import write_batch

from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.stdlib.data.cifar10 import cifar10, read_batch


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

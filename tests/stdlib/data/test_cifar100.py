from collections.abc import Callable
from pathlib import Path

import pytest
from dataset_files import write_batch

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.stdlib.data.cifar100 import cifar100


def test_labels_are_the_fine_ones(tmp_path: Path, declare: Callable) -> None:
    write_batch(tmp_path / "cifar-100-python" / "test", "fine_labels", 120, classes=100)
    declare(cifar100, splits={"train": "train_size", "test": 120})
    assert cifar100(root=str(tmp_path))["test"].labels.max() == 99


def test_a_part_of_the_training_set_must_be_asked_for(tmp_path: Path) -> None:
    write_batch(tmp_path / "cifar-100-python" / "train", "fine_labels", 200, classes=100)
    with pytest.raises(BrokenData, match=r"200 samples instead of 50000; if that is meant, say `train_size=200`"):
        cifar100(root=str(tmp_path))["train"]
    assert len(cifar100(root=str(tmp_path), train_size=200)["train"]) == 200

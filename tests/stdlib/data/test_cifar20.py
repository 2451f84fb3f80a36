from collections.abc import Callable
from pathlib import Path

import pytest
from dataset_files import write_batch

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.stdlib.data.cifar20 import cifar20


def test_labels_are_the_superclasses(tmp_path: Path, declare: Callable[..., None]) -> None:
    declare(cifar20, splits={"train": "train_size", "test": 4})
    for name, count in (("train", 6), ("test", 4)):
        write_batch(tmp_path / "cifar-100-python" / name, "coarse_labels", count, classes=20)
    splits = cifar20(root=str(tmp_path), train_size=6)
    assert splits["train"].labels is not None and splits["train"].labels.tolist() == list(range(6))


def test_a_part_of_the_training_set_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    write_batch(tmp_path / "cifar-100-python" / "train", "coarse_labels", 6, classes=20)
    with pytest.raises(BrokenData, match="say `train_size=6`"):
        cifar20(root=str(tmp_path))["train"]

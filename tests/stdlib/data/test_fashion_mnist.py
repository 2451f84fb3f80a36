from collections.abc import Callable
from pathlib import Path

import pytest
from dataset_files import SPLITS, write_set

from ssldsl.stdlib.data.fashion_mnist import fashion_mnist


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_both_splits_are_read_from_the_layout_of_torchvision(suffix: str, tmp_path: Path, declare: Callable) -> None:
    write_set(tmp_path / "FashionMNIST" / "raw", suffix)
    declare(fashion_mnist, splits=SPLITS)
    splits = fashion_mnist(root=str(tmp_path))
    assert (len(splits["train"]), len(splits["test"])) == (12, 4)
    assert splits["test"].labels.tolist() == [0, 1, 2, 3]

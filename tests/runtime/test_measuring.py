"""What only the data can say: how many classes there are, whatever part of the data a spec reads."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssldsl import pipeline
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.measure import measure
from ssldsl.source import Source

SPEC = """\
ssl 1
data   images  = {source}
stream labeled = images.train{part} >> resize(8) >> center_crop(8)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss      = ce(labeled)
optimizer = sgd(lr=0.1)
batch     = 2
run       = 1it
"""


def classes(source: str, part: str = "") -> int:
    """The width of the head that a spec gets."""
    checked = pipeline.compose(Source("spec.ssl", SPEC.format(source=source, part=part)))
    measured = measure(checked.unwrap(), Datasets(checked.library))
    plan = pipeline.compile(checked.unwrap(), sizes=measured.sizes, resident=measured.resident)
    (head,) = (module for module in plan.modules if module.path == "classes")
    return int(head.sizes["classes"])


def save(path: Path, labels: list[int], test_labels: list[int] | None = None) -> str:
    arrays = {"data": np.zeros((len(labels), 1, 8, 8), np.uint8), "label": np.array(labels)}
    if test_labels is not None:
        arrays |= {"test_data": np.zeros((len(test_labels), 1, 8, 8), np.uint8), "test_label": np.array(test_labels)}
    np.savez(path, **arrays)
    return f'image_arrays(path="{path}", channels=1, height=8, width=8)'


@pytest.fixture
def folders(tmp_path: Path) -> str:
    """Five class folders, of which only the first two hold pictures; the test pictures are of the first class."""
    for split, counts in (("train", [3, 3, 0, 0, 0]), ("test", [2])):
        for name, count in zip("abcde", counts, strict=False):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (10, 12)).save(folder / f"{number}.png")
    return f'image_folder(path="{tmp_path}")'


def test_a_folder_has_as_many_classes_as_folders(folders: str) -> None:
    assert classes(folders) == classes(folders, ".subset(2)") == 5


def test_arrays_have_the_classes_of_their_labels(tmp_path: Path) -> None:
    assert classes(save(tmp_path / "a.npz", [0, 1, 2, 2])) == 3


def test_classes_that_only_the_test_labels_have_count(tmp_path: Path) -> None:
    assert classes(save(tmp_path / "a.npz", [0, 1, 1], [0, 6])) == 7


def test_a_part_without_the_last_class_has_all_classes(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("0\n1\n", encoding="utf-8")
    assert classes(save(tmp_path / "a.npz", [0, 1, 2, 3]), f'.subset(names="{names}")') == 4

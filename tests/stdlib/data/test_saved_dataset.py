"""Data sets that Hugging Face `datasets` has saved: made here, read back, trained on and resumed."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from data_specs import assert_resumes_exactly
from PIL import Image
from small_specs import of_pictures

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.stdlib.data.saved_dataset import saved_dataset

datasets = pytest.importorskip("datasets")


def table(count: int, labels: Any, feature: Any) -> Any:
    images = [Image.fromarray(np.full((8, 8 + i % 2, 3), 20 * i, dtype=np.uint8)) for i in range(count)]
    features = datasets.Features({"image": datasets.Image(), "label": feature})
    return datasets.Dataset.from_dict({"image": images, "label": labels}, features=features)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    names = datasets.ClassLabel(names=["cat", "dog", "eel"])
    splits = {
        "train": table(8, [0, 1] * 4, names),
        "validation": table(2, [2, 1], names),
        "test": table(4, [0, 1] * 2, names),
    }
    datasets.DatasetDict(splits).save_to_disk(str(folder / "saved"))
    table(3, ["b", "a", "b"], datasets.Value("string")).save_to_disk(str(folder / "single"))
    return folder


def test_rows_are_images_with_their_labels_and_names(saved: Path) -> None:
    splits = saved_dataset(path=str(saved / "saved"))
    train = splits["train"]
    assert (len(train), len(splits["val"]), len(splits["test"])) == (8, 2, 4)
    one = train.read(torch.tensor([3]))
    assert one["image"].shape == (1, 3, 8, 9) and one["image"].unique().item() == pytest.approx(60 / 255)
    assert one["label"].tolist() == [1]
    assert train.class_names == ("cat", "dog", "eel") and splits.classes == 3


def test_texts_are_classes_by_the_alphabet(saved: Path) -> None:
    splits = saved_dataset(path=str(saved / "single"))
    assert splits["train"].labels.tolist() == [1, 0, 1]
    assert splits["train"].class_names == ("a", "b") and splits.classes == 2


def test_a_part_keeps_its_numbers_and_reads_the_same_in_a_worker(saved: Path) -> None:
    train = saved_dataset(path=str(saved / "saved"))["train"]
    part = pickle.loads(pickle.dumps(train.take(torch.tensor([5, 2]))))
    assert part.ids.tolist() == [5, 2]
    assert torch.equal(part.read(torch.tensor([1]))["image"], train.read(torch.tensor([2]))["image"])
    assert part.digest() != train.digest() and train.without("label").fields == ("image",)


def test_a_run_goes_on_exactly_where_it_was(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(saved)
    assert_resumes_exactly(of_pictures('saved_dataset("saved")'), saved)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image": "picture"}, r"no column `picture`\nthe columns are image, label"),
        ({"image": "label"}, "holds ClassLabel and no images"),
        ({"label": "lable"}, "did you mean `label`"),
    ],
)
def test_what_is_not_there_is_said(saved: Path, settings: dict[str, str], message: str) -> None:
    with pytest.raises(BrokenData, match=message):
        saved_dataset(path=str(saved / "saved"), **settings)["train"]


def test_a_folder_of_something_else_is_said(saved: Path) -> None:
    with pytest.raises(BrokenData, match="save_to_disk"):
        saved_dataset(path=str(saved))["train"]

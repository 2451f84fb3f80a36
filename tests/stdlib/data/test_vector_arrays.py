from pathlib import Path

import numpy as np
import pytest
import torch
from dataset_files import LABELS, save

from ssldsl.ops.places import BrokenData, MissingData
from ssldsl.stdlib.data.vector_arrays import vector_arrays

VECTORS = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize("form", ["npz", "folder", "npy"])
def test_vectors_and_labels_are_read_from_every_form(form: str, tmp_path: Path) -> None:
    path = save(tmp_path, form, data=VECTORS, label=LABELS, test_data=VECTORS[:1], test_label=LABELS[:1])
    splits = vector_arrays(path=path)
    train = splits["train"].read(torch.arange(4))
    assert train["vector"].tolist() == VECTORS.tolist() and train["vector"].dtype == torch.float32
    assert train["label"].tolist() == [0, 1, 2, 0] and train["label"].dtype == torch.int64
    assert len(splits["test"]) == 1


def test_arrays_may_have_other_names_and_no_labels(tmp_path: Path) -> None:
    path = save(tmp_path, "npz", x=VECTORS)
    assert vector_arrays(path=path, data="x", label="")["train"].fields == ("vector",)


def test_what_a_spec_says_of_the_sizes_is_checked(tmp_path: Path) -> None:
    path = save(tmp_path, "npz", data=VECTORS, label=LABELS)
    assert len(vector_arrays(path=path, dim=3, classes=3)["train"]) == 4
    with pytest.raises(BrokenData, match="samples of the shape 3 instead of 5"):
        vector_arrays(path=path, dim=5)["train"]
    with pytest.raises(BrokenData, match="labels 0 to 2, and 2 classes"):
        vector_arrays(path=path, classes=2)["train"]


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"data": VECTORS, "label": LABELS[:3]}, "different lengths"),
        ({"data": VECTORS, "label": LABELS.astype(float)}, "labels are whole numbers"),
        ({"data": VECTORS, "label": LABELS.astype(int) - 1}, "labels -1 to 1, and classes are numbered from 0"),
        ({"data": VECTORS * np.nan, "label": LABELS}, "not a number"),
        ({"data": VECTORS[0], "label": LABELS}, "1 dimensions"),
        ({"data": VECTORS}, r"there is no array `label`, only \['data'\]"),
        ({"data": np.array([{}, {}], dtype=object), "label": LABELS[:2]}, r"Python objects \(pickles\)"),
        ({"data": VECTORS[:0], "label": LABELS[:0]}, "holds no samples"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, np.ndarray], reason: str, tmp_path: Path) -> None:
    path = save(tmp_path, "npz", **arrays)
    with pytest.raises(BrokenData, match=reason) as caught:
        vector_arrays(path=path)["train"]
    assert "set.npz" in caught.value.file


def test_a_file_that_is_missing_or_no_array_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"nothing\.npz"):
        vector_arrays(path="nothing.npz")
    (tmp_path / "text.npz").write_text("no array")
    (tmp_path / "empty.npz").touch()
    for name, reason in (("text.npz", "no file of NumPy arrays"), ("empty.npz", "the file is empty")):
        with pytest.raises(BrokenData, match=reason) as caught:
            vector_arrays(path=name)["train"]
        assert name in str(caught.value)
    path = save(tmp_path, "folder", data=VECTORS)
    with pytest.raises(BrokenData, match=r"label\.npy: there is no such file"):
        vector_arrays(path=path)["train"]

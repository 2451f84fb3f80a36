from pathlib import Path

import numpy as np
import pytest
import torch
from dataset_files import LABELS, save

from ssldsl.ops.data_dirs import BrokenData, MissingData
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
        ({"data": VECTORS, "label": LABELS[:3]}, "the arrays have different lengths: {'data': 4, 'label': 3}"),
        ({"data": VECTORS, "label": np.array(["a", "b", "a", "b"])}, "they are texts, and numbers are wanted"),
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
    (tmp_path / "other.npz").write_bytes(b"PK, and no zip file")
    for name, reason in (
        ("text.npz", "no file of NumPy"),
        ("other.npz", "no file of NumPy"),
        ("empty.npz", "the file is empty"),
    ):
        with pytest.raises(BrokenData, match=reason) as caught:
            vector_arrays(path=name)["train"]
        assert name in str(caught.value)
    path = save(tmp_path, "folder", data=VECTORS)
    with pytest.raises(BrokenData, match=r"label\.npy: there is no such file"):
        vector_arrays(path=path)["train"]


PARTLY = np.array([0, -1, 2, -1])


def test_samples_without_labels_are_a_split_of_their_own(tmp_path: Path) -> None:
    splits = vector_arrays(path=save(tmp_path, "npz", data=VECTORS, label=PARTLY), unlabeled=-1)
    assert splits["train"].ids.tolist() == [0, 2] and splits["train"].labels.tolist() == [0, 2]
    assert splits["unlabeled"].ids.tolist() == [1, 3] and splits["unlabeled"].fields == ("vector",)
    assert splits["unlabeled"].read(torch.tensor([1]))["vector"].tolist() == VECTORS[3:].tolist()
    assert splits.classes == 3


def test_unlabeled_samples_may_be_an_array_of_their_own(tmp_path: Path) -> None:
    splits = vector_arrays(path=save(tmp_path, "npz", data=VECTORS, label=LABELS, unlabeled_data=VECTORS[:3]))
    assert len(splits["unlabeled"]) == 3 and splits["unlabeled"].labels is None
    assert len(splits["train"]) == 4


def test_labels_below_zero_are_told_the_way_out(tmp_path: Path) -> None:
    path = save(tmp_path, "npz", data=VECTORS, label=PARTLY)
    with pytest.raises(BrokenData, match=r"labels -1 to 2.*\nwhere -1 is said of samples without .*: `unlabeled=-1`"):
        vector_arrays(path=path)["train"]
    with pytest.raises(BrokenData, match=r"nothing says which samples have no label\n.* `unlabeled=-1`"):
        vector_arrays(path=path)["unlabeled"]


@pytest.mark.parametrize(
    ("labels", "split", "reason"),
    [
        (np.full(4, -1), "train", "no sample of `label` has a label"),
        (LABELS, "unlabeled", "no sample of `label` has the label -1, which says that it has none"),
    ],
)
def test_a_split_without_samples_is_refused(labels: np.ndarray, split: str, reason: str, tmp_path: Path) -> None:
    path = save(tmp_path, "npz", data=VECTORS, label=labels)
    with pytest.raises(BrokenData, match=reason):
        vector_arrays(path=path, unlabeled=-1)[split]


def test_labels_may_be_a_column(tmp_path: Path) -> None:
    path = save(tmp_path, "npz", data=VECTORS, label=LABELS[:, None])
    assert vector_arrays(path=path)["train"].labels.tolist() == LABELS.tolist()

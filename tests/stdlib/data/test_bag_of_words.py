import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.stdlib.data.bag_of_words import bag_of_words

SETTINGS = {"path": "counts.npz"}
COUNTS = np.array([[2, 0, 1, 0], [0, 1, 1, 1], [1, 0, 0, 1]])  # the third and fourth word are in as many as the first
LABELS = np.array([0, 1, 1])


def written(tmp_path: Path, **arrays: np.ndarray) -> str:
    np.savez(tmp_path / "counts.npz", **arrays)
    return str(tmp_path / "counts.npz")


def sparse(counts: np.ndarray) -> dict[str, np.ndarray]:
    rows, words = counts.nonzero()
    starts = np.concatenate([[0], np.bincount(rows, minlength=len(counts)).cumsum()])
    return {"counts": counts[rows, words].astype(np.uint8), "indices": words.astype(np.uint16), "indptr": starts}


def test_the_formula(tmp_path: Path) -> None:
    samples = bag_of_words(path=written(tmp_path, counts=COUNTS, label=LABELS), words=3)["train"]
    found = samples.read(torch.arange(3))["vector"]
    common = math.log(4 / 3) + 1  # of words that two of three documents have
    first = torch.tensor([(1 + math.log(2)) * common, common, 0.0])
    assert torch.allclose(found[0], first * math.sqrt(3) / first.norm(), atol=1e-6)
    assert found.norm(dim=1).tolist() == pytest.approx([math.sqrt(3)] * 3)
    assert samples.labels is not None and samples.labels.tolist() == [0, 1, 1]


def test_a_sparse_matrix_is_the_same(tmp_path: Path) -> None:
    dense = bag_of_words(path=written(tmp_path, counts=COUNTS, label=LABELS), words=4)["train"]
    vocab = np.array(["a", "b", "c", "d"])
    thin = bag_of_words(path=written(tmp_path, **sparse(COUNTS), label=LABELS, vocab=vocab), words=4)["train"]
    assert torch.equal(dense.read(torch.arange(3))["vector"], thin.read(torch.arange(3))["vector"])


def test_the_words_of_most_documents_are_kept_in_the_order_of_the_vocabulary(tmp_path: Path) -> None:
    counts = np.array([[1, 9, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1]])
    found = bag_of_words(path=written(tmp_path, counts=counts, label=LABELS), words=2)["train"]
    assert (found.read(torch.arange(3))["vector"] > 0).tolist() == [[True, False], [True, True], [True, True]]


def test_files_that_are_no_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenData, match="there is no array 'label'"):
        bag_of_words(path=written(tmp_path, counts=COUNTS))["train"]
    with pytest.raises(BrokenData, match="every document has a label"):
        bag_of_words(path=written(tmp_path, counts=COUNTS, label=LABELS[:2]), words=2)["train"]
    with pytest.raises(BrokenData, match="2000 words wanted of a vocabulary of 4"):
        bag_of_words(path=written(tmp_path, counts=COUNTS, label=LABELS))["train"]

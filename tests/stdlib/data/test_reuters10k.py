import math
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest
import scipy.sparse
import torch

from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.stdlib.data import reuters10k as module
from ssldsl.stdlib.data.reuters10k import reuters10k

NAMES = np.array(["C11", "CCAT", "ECAT", "GCAT", "MCAT"], dtype=object)
TOPICS = np.array([[1, 1, 0, 0, 0], [0, 1, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]], dtype=np.uint8)
WEIGHTS = np.array([[3, 0, 4], [1, 1, 1], [0, 0, 5], [6, 8, 0], [1, 0, 0]], dtype=float)


def write(home: Path) -> None:
    """Stories as scikit-learn keeps them."""
    folder = home / "RCV1"
    folder.mkdir(parents=True)
    joblib.dump(scipy.sparse.csr_matrix(WEIGHTS), folder / "samples_py3.pkl")
    joblib.dump(np.arange(5, dtype=np.uint32), folder / "sample_id_py3.pkl")
    joblib.dump(scipy.sparse.csr_matrix(TOPICS), folder / "sample_topics_py3.pkl")
    joblib.dump(NAMES, folder / "topics_names_py3.pkl")


def test_stories_with_exactly_one_of_the_four_topics_in_the_order_of_the_file(
    tmp_path: Path, declare: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(reuters10k, fields={"vector": "2"})
    monkeypatch.setattr(module, "WORDS", 2)
    write(tmp_path)
    samples = reuters10k(root=str(tmp_path), documents=3)["train"]
    assert samples.labels is not None and samples.labels.tolist() == [0, 2, 3]  # the second story has two topics
    vectors = samples.read(torch.arange(3))["vector"]
    expected = torch.tensor([[0.6, 0.8], [0.0, 1.0], [1.0, 0.0]]) * math.sqrt(2)
    assert torch.allclose(vectors, expected)


def test_without_the_files_the_message_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"(?s)fetch_rcv1.*No net: `bag_of_words`"):
        reuters10k(root=str(tmp_path))["train"]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "RCV1" / "sample_topics_py3.pkl").unlink()
    with pytest.raises(BrokenData, match="scikit-learn cannot read it"):
        reuters10k(root=str(tmp_path), documents=3)["train"]

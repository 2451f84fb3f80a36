"""Reuters-10K: ten thousand newswire stories of four kinds."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssldsl.ops import PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import MemorySamples, SplitsOnUse
from ssldsl.ops.texts import Counts

TOPICS = ("CCAT", "GCAT", "MCAT", "ECAT")
WORDS = 2000
HOW = (
    """To get it: python -c "from sklearn.datasets import fetch_rcv1; fetch_rcv1(data_home='data')" (a download of """
    """650 MB).\nNo net: `bag_of_words` prepares counts of your own in the same way."""
)


def read_rcv1(home: Path, documents: int) -> MemorySamples:
    """The first stories that have exactly one of the four topics."""
    from sklearn.datasets import fetch_rcv1  # here: a second to import, and for this set only

    try:
        found = fetch_rcv1(data_home=home, download_if_missing=False)
    except (OSError, ValueError, EOFError) as error:
        raise BrokenData(f"scikit-learn cannot read it: {error}", str(home / "RCV1")) from error
    return chosen(found, documents, str(home / "RCV1"))


def chosen(rcv1: Any, documents: int, origin: str) -> MemorySamples:
    """What the literature calls Reuters-10K, of stories as scikit-learn has them."""
    columns = [list(rcv1.target_names).index(topic) for topic in TOPICS]
    topics = np.asarray(rcv1.target[:, columns].todense())
    single = np.flatnonzero(topics.sum(axis=1) == 1)[:documents]
    rows = rcv1.data[single].tocsr()
    counts = Counts(rows.data, rows.indices.astype(np.int64), rows.indptr.astype(np.int64), rows.shape[1])
    vectors = counts.most_frequent(WORDS).rows()
    return MemorySamples.of(origin, vector=vectors, label=torch.from_numpy(topics[single].argmax(axis=1)))


@op(paper="lewis2004rcv1", splits={"train": "documents"}, fields={"vector": "2000"}, classes=4)
def reuters10k(*, root: str = "", documents: PositiveInt = 10000) -> Splits:
    """Reuters-10K: 10,000 stories of RCV1-v2 that have one of four topics, as weights of 2,000 words; from `RCV1`.

    Stories with exactly one of CCAT, GCAT, MCAT and ECAT are kept, in the order of the file, and the 2,000 words that
    most of them have; every row has the length of the root of 2,000. There is the split `train` alone.

    Source: Lewis et al., JMLR 2004, as scikit-learn's `fetch_rcv1` keeps it below `root`; the choice as Xie, Girshick &
    Farhadi, ICML 2016 (DEC), and the code that the literature shares. Different from there: the weights are those of
    RCV1-v2, (1 + ln tf) times an idf of its own training part, and not of counts, which scikit-learn does not have.
    """
    folder = find("reuters10k", ["RCV1/samples_py3.pkl", "RCV1/samples.pkl"], root, HOW).parent.parent
    readers = {"train": partial(read_rcv1, folder, documents)}
    return SplitsOnUse("reuters10k", traits_of(reuters10k), readers, documents=documents)

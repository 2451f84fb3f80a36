"""Documents of which the words were counted."""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ssldsl.ops import File, PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find_given
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import MemorySamples, SplitsOnUse
from ssldsl.ops.texts import Counts


def read_counts(path: Path) -> tuple[Counts, NDArray[np.int64]]:
    """The counts and labels of a file: a matrix `counts`, or its rows as `counts`, `indices` and `indptr`."""
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        counts, label = arrays["counts"], arrays["label"]
    except (OSError, ValueError) as error:
        raise BrokenData(f"the file cannot be read: {error}", str(path)) from error
    except KeyError as error:
        raise BrokenData(f"there is no array {error}; wanted are `counts` and `label`", str(path)) from error
    if counts.ndim == 2:
        rows, words = counts.nonzero()
        starts = np.concatenate([[0], np.bincount(rows, minlength=len(counts)).cumsum()])
        found_counts = Counts(counts[rows, words].astype(float), words, starts, counts.shape[1])
    elif {"indices", "indptr"} <= arrays.keys():
        words = arrays["indices"].astype(np.int64)
        size = len(arrays["vocab"]) if "vocab" in arrays else int(words.max()) + 1
        found_counts = Counts(counts.astype(float), words, arrays["indptr"].astype(np.int64), size)
    else:
        raise BrokenData("`counts` is a matrix, or stands beside `indices` and `indptr`", str(path))
    if not (found_counts.values > 0).all() or len(found_counts.starts) != len(label) + 1:
        raise BrokenData("counts are above 0, and every document has a label", str(path))
    return found_counts, label.astype(np.int64)


def read_documents(path: Path, words: int) -> MemorySamples:
    """The documents as vectors, in the order of the file."""
    counts, label = read_counts(path)
    if counts.vocabulary < words:
        raise BrokenData(f"{words} words wanted of a vocabulary of {counts.vocabulary}", str(path))
    vectors = counts.most_frequent(words).weighted().rows()
    return MemorySamples.of(str(path), vector=vectors, label=torch.from_numpy(label))


@op(paper="xie2016dec", splits={"train": "N_train"}, fields={"vector": "words"}, classes="classes")
def bag_of_words(
    *, path: File, words: PositiveInt = 2000, classes: PositiveInt | None = None, root: str = ""
) -> Splits:
    r"""Documents as tf-idf of their most frequent words, from counts of words in an `.npz` file, as DEC has Reuters.

    $$ x_w \propto (1 + \ln \text{tf}_w) \Bigl( \ln \frac{1 + n}{1 + \text{df}_w} + 1 \Bigr), \quad
       \|x\| = \sqrt{\text{words}} $$

    The file has the counts as a matrix `counts`, documents by words, or its rows as `counts`, `indices` and `indptr`
    as SciPy has them, and `label`, a number for every document. Kept are the `words` words that the most documents
    have. All is the split `train`; statistics are of all documents.

    Source: Xie, Girshick & Farhadi, ICML 2016 (DEC), sec. 4.1, and the code that the literature shares.
    """
    place = find_given("bag_of_words", path, root)
    sizes = {"words": words, "classes": classes}
    return SplitsOnUse(
        "bag_of_words", traits_of(bag_of_words), {"train": partial(read_documents, place, words)}, **sizes
    )

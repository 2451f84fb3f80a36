"""Documents as counts of words, and what clustering of texts makes of them."""

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray
from torch import Tensor


@frozen(eq=False)
class Counts:
    """How often each word stands in each document, as a sparse matrix by rows."""

    values: NDArray[np.float64]
    words: NDArray[np.int64]
    starts: NDArray[np.int64]  # of every document in the two above, and their length
    vocabulary: int

    @property
    def documents(self) -> NDArray[np.int64]:
        """The document of every value."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def most_frequent(self, count: int) -> "Counts":
        """The columns of the words that most documents have, in the order of the vocabulary; the first of equals."""
        found = np.bincount(self.words, minlength=self.vocabulary)
        kept = np.sort(np.argsort(-found, kind="stable")[:count])
        place = np.full(self.vocabulary, -1)
        place[kept] = np.arange(len(kept))
        stays = place[self.words] >= 0
        lengths = np.bincount(self.documents[stays], minlength=len(self.starts) - 1)
        starts = np.concatenate([[0], lengths.cumsum()])
        return Counts(self.values[stays], place[self.words[stays]], starts, len(kept))

    def weighted(self) -> "Counts":
        """tf-idf: (1 + ln tf) (ln((1 + n) / (1 + df)) + 1)."""
        n = len(self.starts) - 1
        idf = np.log((1 + n) / (1 + np.bincount(self.words, minlength=self.vocabulary))) + 1
        return Counts((1 + np.log(self.values)) * idf[self.words], self.words, self.starts, self.vocabulary)

    def rows(self) -> Tensor:
        """A dense row for every document, of the length of the root of the vocabulary; a row of zeros stays one."""
        squares = np.bincount(self.documents, self.values**2, len(self.starts) - 1)
        scale = np.sqrt(self.vocabulary / np.where(squares > 0, squares, 1))
        dense = np.zeros((len(self.starts) - 1, self.vocabulary), np.float32)
        dense[self.documents, self.words] = self.values * scale[self.documents]
        return torch.from_numpy(dense)

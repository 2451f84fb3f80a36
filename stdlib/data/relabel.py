"""Data with the labels that a network gives them."""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from ssldsl.ops import Logits, op
from ssldsl.ops.data import Data


@op(paper="lee2013pseudo", provenance="pseudo", classes="classes")
def relabel(
    data: Data,
    scores: Logits[Tensor, "samples classes"],
    known: Data | None = None,
    *,
    confidence: Annotated[float, Ge(0), Lt(1)] = 0.0,
) -> Data:
    r"""The samples with the class of the highest score as their label.

    $$ y_n = \arg\max_c z_{nc} \quad \text{where} \quad \max_c \mathrm{softmax}(z_n)_c > \text{confidence} $$

    A sample that is not more certain than `confidence` is left out. Samples of `known`, a part of the same data, keep
    their labels from there, and none of them is left out. Of equal scores the first class counts.

    Source: Lee, ICML workshop 2013; as a stage of its own: Zhai et al., ICCV 2019 (S4L), sec. 4.2 and 7, with
    confidence 0 or 0.5. There an epoch stays as long as one of all samples, whatever is left out.
    """
    exact = scores if scores.dtype == torch.float64 else scores.float()
    best, labels = exact.softmax(dim=-1).max(dim=-1)
    kept = best > confidence
    if known is not None:
        rows, own = _rows_of(data.ids, known)
        labels[rows], kept[rows] = own.to(labels.device), True
    rows = kept.nonzero().squeeze(1)
    return data.take(rows).with_labels(labels[rows])


def _rows_of(ids: Tensor, known: Data) -> tuple[Tensor, Tensor]:
    """The rows of the samples that `known` has too, and their labels there."""
    if known.labels is None:
        raise ValueError("the known samples have no labels")
    order = known.ids.argsort()
    numbers = known.ids[order]
    place = torch.searchsorted(numbers, ids).clamp(max=len(numbers) - 1)
    rows = (numbers[place] == ids).nonzero().squeeze(1)
    return rows, known.labels[order[place[rows]]]

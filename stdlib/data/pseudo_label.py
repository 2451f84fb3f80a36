"""A data set with pseudo-labels: those that a network gives it."""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from ssldsl.ops import Logits, op
from ssldsl.ops.data import Data


@op(paper="lee2013pseudo", provenance="pseudo", classes="classes")
def pseudo_label(
    data: Data,
    logits: Logits[Tensor, "samples classes"],
    labeled: Data | None = None,
    *,
    threshold: Annotated[float, Ge(0), Lt(1)] = 0.0,
) -> Data:
    r"""Pseudo-labels for a data set: every sample gets the most likely class of its logits as its label.

    $$ y_n = \arg\max_c z_{nc} \quad \text{where} \quad \max_c \mathrm{softmax}(z_n)_c > \text{threshold} $$

    A sample whose largest probability does not exceed `threshold` is left out. Samples of `labeled`, a part of the same
    data, keep their labels from there, and none of them is left out. Of equal logits the first class counts.

    Source: Lee, ICML workshop 2013; as a stage of its own: Zhai et al., ICCV 2019 (S4L), sec. 4.2 and 7, with
    threshold 0 or 0.5. There an epoch stays as long as one of all samples, whatever is left out.
    """
    exact = logits if logits.dtype == torch.float64 else logits.float()
    best, labels = exact.softmax(dim=-1).max(dim=-1)
    kept = best > threshold
    if labeled is not None:
        rows, own = _rows_of(data.ids, labeled)
        labels[rows], kept[rows] = own.to(labels.device), True
    rows = kept.nonzero().squeeze(1)
    return data.take(rows).with_labels(labels[rows])


def _rows_of(ids: Tensor, labeled: Data) -> tuple[Tensor, Tensor]:
    """The rows of the samples that `labeled` has too, and their labels there."""
    if labeled.labels is None:
        raise ValueError("the labeled samples have no labels")
    order = labeled.ids.argsort()
    numbers = labeled.ids[order]
    place = torch.searchsorted(numbers, ids).clamp(max=len(numbers) - 1)
    rows = (numbers[place] == ids).nonzero().squeeze(1)
    return rows, labeled.labels[order[place[rows]]]

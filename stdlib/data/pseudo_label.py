"""A data set with pseudo-labels, hard or soft: those that a network gives it."""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from ssldsl.ops import Logits, PositiveInt, op
from ssldsl.ops.data import Data
from ssldsl.ops.samples import with_fields


@op(paper="lee2013pseudo", provenance="pseudo", classes="classes", adds={"target": "Probs[classes] if soft"})
def pseudo_label(
    data: Data,
    logits: Logits[Tensor, "samples classes"],
    labeled: Data | None = None,
    *,
    threshold: Annotated[float, Ge(0), Lt(1)] = 0.0,
    per_class: PositiveInt | None = None,
    soft: bool = False,
) -> Data:
    r"""Pseudo-labels for a data set: every sample gets the most likely class of its logits as its label.

    $$ y_n = \arg\max_c z_{nc} \quad \text{where} \quad \max_c \mathrm{softmax}(z_n)_c > \text{threshold} $$

    A sample whose largest probability does not exceed `threshold` is left out. Samples of `labeled`, a part of the same
    data, keep their labels from there, and none of them is left out. Of equal logits the first class counts.
    per_class: of every class the most certain so many, those of `labeled` before all others; a class that has fewer
    repeats them. soft: samples get a field `target` too, the softmax of their logits, or one class where it is known.

    Source: Lee, ICML workshop 2013; as a stage of its own: Zhai et al., ICCV 2019 (S4L), sec. 4.2 and 7, with
    threshold 0 or 0.5. There an epoch stays as long as one of all samples, whatever is left out. Soft, and as many of
    every class: Xie et al., CVPR 2020 (Noisy Student), sec. 2 and 3.1, with threshold 0.3.
    """
    exact = logits if logits.dtype == torch.float64 else logits.float()
    probs = exact.softmax(dim=-1)
    best, labels = probs.max(dim=-1)
    kept = best > threshold
    if labeled is not None:
        rows, own = _rows_of(data.ids, labeled)
        labels[rows], kept[rows], best[rows] = own.to(labels.device), True, 2.0  # more certain than any other
        probs[rows] = torch.nn.functional.one_hot(labels[rows], probs.shape[1]).to(probs.dtype)
    rows = kept.nonzero().squeeze(1)
    if per_class is not None:
        rows = _balanced(rows, labels, best, per_class)
    made = data.take(rows).with_labels(labels[rows])
    return with_fields(made, target=probs[rows]) if soft else made


def _balanced(rows: Tensor, labels: Tensor, certainty: Tensor, per_class: int) -> Tensor:
    """So many rows of every class that has any: the most certain, and these again where they are too few."""
    rows = rows[certainty[rows].argsort(descending=True, stable=True)]
    chosen = []
    for label in sorted(set(labels[rows].tolist())):
        own = rows[labels[rows] == label]
        count = max(per_class, int((certainty[own] > 1).sum()))  # none that is known is left out
        chosen.append(own.repeat(-(-count // len(own)))[:count])
    return torch.cat(chosen).sort().values if chosen else rows


def _rows_of(ids: Tensor, labeled: Data) -> tuple[Tensor, Tensor]:
    """The rows of the samples that `labeled` has too, and their labels there."""
    if labeled.labels is None:
        raise ValueError("the labeled samples have no labels")
    order = labeled.ids.argsort()
    numbers = labeled.ids[order]
    place = torch.searchsorted(numbers, ids).clamp(max=len(numbers) - 1)
    rows = (numbers[place] == ids).nonzero().squeeze(1)
    return rows, labeled.labels[order[place[rows]]]

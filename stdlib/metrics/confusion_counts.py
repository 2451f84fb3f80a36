"""The confusion matrix."""

import torch
from torch import Tensor

from ssldsl.ops import Labels, Logits, Values, op


@op(picture="confusion")
def confusion_counts(
    logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"]
) -> Values[Tensor, "classes classes"]:
    r"""Confusion matrix: how many samples of every true class (row) are predicted as every class (column).

    $$ M_{ij} = \#\{n : y_n = i,\; \arg\max_c z_{nc} = j\} $$

    Source: common practice; no paper. Whole numbers that sum to the number of samples whose scores are all numbers: a
    sample with one that is not has no highest score and stands in no cell.
    """
    ranked = ~logits.isnan().any(dim=1)
    cells = labels[ranked], logits[ranked].argmax(dim=1)
    counts = torch.zeros(logits.shape[1], logits.shape[1], device=logits.device)
    return counts.index_put(cells, counts.new_ones(()), accumulate=True)

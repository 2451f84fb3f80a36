"""Which class is taken for which."""

import torch
from torch import Tensor

from ssldsl.ops import Labels, Logits, Values, op


@op()
def confusion(
    logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"]
) -> Values[Tensor, "classes classes"]:
    r"""How many samples of every class (row) have their highest score at every class (column).

    $$ M_{ij} = \#\{n : y_n = i,\; \arg\max_c z_{nc} = j\} $$

    Source: common practice; no paper. Whole numbers that sum to the number of samples.
    """
    classes = logits.shape[1]
    cells = labels * classes + logits.argmax(dim=1)
    return torch.bincount(cells, minlength=classes**2).view(classes, classes).float()

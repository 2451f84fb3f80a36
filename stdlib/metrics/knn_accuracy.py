"""Accuracy of a vote of nearest neighbors."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Features, Labels, PositiveFloat, PositiveInt, op

CHUNK = 1024  # samples at a time, and fewer where the bank is so large that their similarities would be more
SIMILARITIES = 2**26  # than these: a quarter of a gigabyte in single precision


@op(paper="wu2018instance")
def knn_accuracy(
    features: Features[Tensor, "samples dim"],
    labels: Labels[Tensor, "samples"],
    bank_features: Features[Tensor, "bank dim"],
    bank_labels: Labels[Tensor, "bank"],
    *,
    k: PositiveInt = 20,
    temperature: PositiveFloat = 0.07,
) -> float:
    r"""Nearest-neighbor accuracy (k-NN): the fraction of samples whose class wins a vote of the `k` nearest of a bank.

    $$ \hat y_n = \arg\max_c \sum_{j \in N_k(n)} e^{s_{nj} / T}\, [y_j = c], \quad s_{nj} = \cos(f_n, f_j) $$

    If the bank has fewer than `k` samples, all of them vote. A sample with a feature that is no finite number is wrong,
    and one of the bank has no vote.

    Source: Wu et al., CVPR 2018, sec. 3.4, temperature 0.07. In [0, 1]; of classes with equal votes the first wins.
    """
    classes = int(bank_labels.max()) + 1
    voters = bank_features.isfinite().all(dim=1)
    if not voters.any():
        return 0.0
    bank, bank_labels = functional.normalize(bank_features[voters], dim=1), bank_labels[voters]
    right, size = 0, max(1, min(CHUNK, SIMILARITIES // len(bank)))
    for rows, truth in zip(torch.split(features, size), torch.split(labels, size), strict=True):
        nearest = (functional.normalize(rows, dim=1) @ bank.T).topk(min(k, len(bank)), dim=1)
        weights = ((nearest.values - nearest.values[:, :1]) / temperature).exp()  # a common factor: no overflow
        votes = torch.zeros(len(rows), classes, device=rows.device, dtype=weights.dtype)
        votes.scatter_add_(1, bank_labels[nearest.indices], weights)
        right += int(((votes.argmax(dim=1) == truth) & rows.isfinite().all(dim=1)).sum())
    return right / len(labels)

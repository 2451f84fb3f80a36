"""How many samples every cluster has."""

import torch
from torch import Tensor

from ssldsl.ops import Values, op
from ssldsl.stdlib.metrics.clustering_accuracy import clusters_of


@op()
def cluster_counts(scores: Values[Tensor, "samples clusters"]) -> Values[Tensor, "clusters"]:
    r"""Samples of every cluster: how many have their highest score there.

    $$ n_c = \#\{n : \arg\max_{c'} z_{nc'} = c\} $$

    A method without a term for balance, such as LSD-C, may leave clusters empty: this tells. Samples with a score that
    is not a number are in none. Source: common practice; no paper.
    """
    counts = clusters_of(scores).bincount(minlength=scores.shape[1] + 1)
    return counts[: scores.shape[1]].to(torch.float32)

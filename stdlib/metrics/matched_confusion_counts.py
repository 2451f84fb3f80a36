"""Which class lies in which cluster, with clusters in the order of the classes they are matched with."""

import torch
from torch import Tensor

from ssldsl.ops import Labels, Values, op
from ssldsl.stdlib.metrics.clustering_accuracy import cluster_sizes


@op(paper="kuhn1955hungarian", picture="confusion")
def matched_confusion_counts(
    scores: Values[Tensor, "samples clusters"], labels: Labels[Tensor, "samples"]
) -> Values[Tensor, "clusters clusters"]:
    r"""Confusion matrix of a clustering: how many samples of every class (row) are in the cluster matched with a class.

    $$ C_{km} = \#\{n : y_n = k,\; \arg\max_c z_{nc} = m(k)\} $$

    The matching is the best one-to-one matching, so the diagonal over all samples is `clustering_accuracy`. Clusters
    without a class follow the others; there are at least as many clusters as classes.

    Source: the assignment by Kuhn, Naval Research Logistics 2(1-2), 1955 (the Hungarian method).
    """
    counts = cluster_sizes(scores, labels)
    square = counts.new_zeros(len(counts), len(counts))
    square[:, : counts.shape[1]] = counts[:, : len(counts)]
    return square[matching(square)].T.to(torch.float32)


def matching(counts: Tensor) -> Tensor:
    """For every class (column) its cluster (row); clusters that are left over come last. counts: a square."""
    from scipy.optimize import linear_sum_assignment  # here: slow to import, and for these metrics only

    clusters, classes = linear_sum_assignment(counts.numpy(), maximize=True)
    return torch.from_numpy(clusters)[torch.from_numpy(classes).argsort()]

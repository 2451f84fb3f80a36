"""Accuracy of clusters under the best matching with classes."""

import torch
from torch import Tensor

from ssldsl.ops import Labels, Values, op


@op(paper="kuhn1955hungarian")
def clustering_accuracy(scores: Values[Tensor, "samples clusters"], labels: Labels[Tensor, "samples"]) -> float:
    r"""Clustering accuracy: the fraction of samples right under the best one-to-one matching of clusters and classes.

    $$ \max_{m} \frac{1}{N} \#\{n : m(\arg\max_c z_{nc}) = y_n\} $$

    No two clusters are assigned to one class; where there are more clusters than classes, those left over are wrong.
    Source: the assignment by Kuhn, Naval Research Logistics 2(1-2), 1955 (the Hungarian method); as a score of
    clusterings common practice, such as Ji et al., ICCV 2019 (IIC), sec. 4. In [0, 1]. A sample with a score that is
    not a number is wrong. Where several clusters may be one class, see `many_to_one_accuracy`.
    """
    from scipy.optimize import linear_sum_assignment  # here: slow to import, and for this metric only

    counts = cluster_sizes(scores, labels)
    clusters, classes = linear_sum_assignment(counts.numpy(), maximize=True)
    return float(counts[clusters, classes].sum() / len(labels))


def cluster_sizes(scores: Tensor, labels: Tensor) -> Tensor:
    """How many samples of every class (column) are in every cluster (row); none without a highest score."""
    ranked = ~scores.isnan().any(dim=1)
    cells = scores[ranked].argmax(dim=1).cpu(), labels[ranked].cpu()
    counts = torch.zeros(scores.shape[1], int(labels.max()) + 1, dtype=torch.float64)
    return counts.index_put(cells, counts.new_ones(()), accumulate=True)


def clusters_of(scores: Tensor) -> Tensor:
    """The cluster of every sample; samples without a highest score are one more cluster."""
    return scores.argmax(dim=1).masked_fill(scores.isnan().any(dim=1), scores.shape[1])

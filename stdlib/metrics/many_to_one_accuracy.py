"""Purity of clusters."""

from torch import Tensor

from ssldsl.ops import Labels, Values, op
from ssldsl.stdlib.metrics.clustering_accuracy import cluster_sizes


@op(paper="manning2008introduction")
def many_to_one_accuracy(scores: Values[Tensor, "samples clusters"], labels: Labels[Tensor, "samples"]) -> float:
    r"""Purity: the fraction of samples whose class is the most frequent one of their cluster.

    $$ \frac{1}{N} \sum_{k} \max_j \#\{n : \arg\max_c z_{nc} = k,\; y_n = j\} $$

    Source: Manning, Raghavan & Schütze, Introduction to Information Retrieval, 2008, sec. 16.3. In [0, 1]; it grows
    with the number of clusters, and several of them may be one class. A sample with a score that is not a number is
    wrong.
    """
    return float(cluster_sizes(scores, labels).amax(dim=1).sum() / len(labels))

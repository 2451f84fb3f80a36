"""What k-means makes of the features of a data set."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssldsl.ops import Features, Labels, NonNegativeInt, PositiveInt, op
from ssldsl.stdlib.metrics.adjusted_rand_index import adjusted_rand_index
from ssldsl.stdlib.metrics.clustering_accuracy import clustering_accuracy
from ssldsl.stdlib.metrics.normalized_mutual_information import normalized_mutual_information


class KMeans(NamedTuple):
    """How well the clusters agree with the classes: Hungarian accuracy, NMI (arithmetic mean), adjusted Rand index."""

    accuracy: float
    nmi: float
    ari: float


@op(paper="lloyd1982kmeans")
def kmeans_clusters(
    features: Features[Tensor, "samples dim"],
    labels: Labels[Tensor, "samples"],
    *,
    clusters: PositiveInt | None = None,
    restarts: PositiveInt = 10,
    unit_length: bool = False,
    seed: NonNegativeInt = 0,
) -> KMeans:
    r"""K-means on features: fitted to the samples themselves, and compared with their classes.

    $$ \min_{\mu} \sum_n \min_c \|z_n - \mu_c\|^2 $$

    Without `clusters` there are as many as classes. The best of `restarts` runs from k-means++ beginnings that follow
    the seed; rows have unit length first if `unit_length`. The order of the samples does not matter. Samples with
    features that are no numbers are in no cluster.

    Source: Lloyd, IEEE Transactions on Information Theory 28(2), 1982, by scikit-learn; the baseline of the clustering
    papers. Accuracy and NMI are in [0, 1].
    """
    from sklearn.cluster import KMeans as Fitted  # here: a second to import, and for this metric only

    rows = torch.nn.functional.normalize(features, dim=1) if unit_length else features
    points = rows.detach().cpu().double().numpy()
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    order = finite[np.lexsort(points[finite].T)]
    count = clusters or int(labels.max()) + 1
    found = torch.full((len(points), count), torch.nan)
    if len(order) >= count:
        fitted = Fitted(count, n_init=restarts, random_state=seed).fit(points[order])
        found[torch.from_numpy(order)] = torch.eye(count)[torch.from_numpy(fitted.labels_).long()]
    truth = labels.cpu()
    return KMeans(
        clustering_accuracy(found, truth),
        normalized_mutual_information(found, truth),
        adjusted_rand_index(found, truth),
    )

"""Normalized mutual information of clusters and classes."""

from typing import Literal

from torch import Tensor

from ssldsl.ops import Labels, Values, op
from ssldsl.stdlib.metrics.clustering_accuracy import clusters_of


@op(paper="strehl2002cluster")
def normalized_mutual_information(
    scores: Values[Tensor, "samples clusters"],
    labels: Labels[Tensor, "samples"],
    *,
    average: Literal["arithmetic", "geometric", "min", "max"] = "arithmetic",
) -> float:
    r"""Normalized mutual information (NMI) of clusters and classes.

    $$ \mathrm{NMI} = \frac{I(C; Y)}{\mathrm{mean}(H(C), H(Y))}, \quad C_n = \arg\max_c z_{nc} $$

    Source: Strehl & Ghosh, JMLR 3, 2002, sec. 2.2, with the geometric mean; the arithmetic one is the default of
    scikit-learn. In [0, 1]; 1 where clusters are classes, whatever their numbers. Samples with a score that is not a
    number are a cluster of their own.
    """
    from sklearn.metrics import normalized_mutual_info_score  # here: a second to import, and for this metric only

    clusters = clusters_of(scores).cpu().numpy()
    return float(normalized_mutual_info_score(labels.cpu().numpy(), clusters, average_method=average))

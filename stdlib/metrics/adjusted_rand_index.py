"""The adjusted Rand index."""

from torch import Tensor

from ssldsl.ops import Labels, Values, op
from ssldsl.stdlib.metrics.clustering_accuracy import clusters_of


@op(paper="hubert1985comparing")
def adjusted_rand_index(scores: Values[Tensor, "samples clusters"], labels: Labels[Tensor, "samples"]) -> float:
    r"""Adjusted Rand index (ARI): agreement of clusters and classes over pairs of samples, corrected for chance.

    $$ \mathrm{ARI} = \frac{R - \mathbb{E}[R]}{1 - \mathbb{E}[R]}, \quad
       R = \binom{N}{2}^{-1} \#\{n < m : [C_n = C_m] = [y_n = y_m]\}, \quad C_n = \arg\max_c z_{nc} $$

    Source: Hubert & Arabie, Journal of Classification 2, 1985, eq. 5. In [-0.5, 1]; 0 is chance and 1 means that
    clusters are classes, whatever their numbers. Samples with a score that is not a number are a cluster of their own.
    """
    from sklearn.metrics import adjusted_rand_score  # here: a second to import, and for this metric only

    return float(adjusted_rand_score(labels.cpu().numpy(), clusters_of(scores).cpu().numpy()))

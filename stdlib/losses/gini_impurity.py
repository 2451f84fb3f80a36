"""How far predictions are from one-hot, without a logarithm."""

from torch import Tensor

from ssldsl.ops import Losses, Probs, op


@op(paper="boubekki2021clustering")
def gini_impurity(probs: Probs[Tensor, "batch classes"]) -> Losses[Tensor, "batch"]:
    r"""Gini impurity of the predicted class distribution of every row.

    $$ \ell_b = \sum_c p_{bc} (1 - p_{bc}) $$

    In AE-CM it stands in the place of the second sum of the clustering module, where centroids have unit length.

    Source: Boubekki et al., Machine Learning 110, 2021, sec. 4. In [0, 1 - 1 / classes]; 0 is one-hot.
    """
    return (probs * (1 - probs)).sum(dim=-1)

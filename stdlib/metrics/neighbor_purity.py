"""How often an anchor and its neighbor are of one class."""

from torch import Tensor
from torch.nn.functional import normalize

from ssldsl.ops import Features, Fraction, Labels, PositiveFloat, op
from ssldsl.stdlib.targets.entropy_neighbors import entropy_neighbors


@op(paper="huang2019neighbourhood")
def neighbor_purity(
    features: Features[Tensor, "samples dim"],
    labels: Labels[Tensor, "samples"],
    *,
    anchors: Fraction = 1.0,
    temperature: PositiveFloat = 0.1,
) -> float:
    r"""Purity of anchor neighborhoods: the fraction of anchors whose nearest other sample is of their class.

    $$ \frac{1}{|A|} \sum_{i \in A} [y_i = y_{n(i)}] $$

    Anchors and neighbors are those of `entropy_neighbors`, on features of unit length. A sample whose features are no
    numbers counts as an anchor that is wrong. 0 where there is no anchor.

    Source: what the code of Huang et al., ICML 2019 (AND) and Han et al., ECCV 2020 (TwoStageUC) logs. In [0, 1].
    """
    is_known = features.isfinite().all(dim=1)
    if is_known.sum() < 2:
        return 0.0
    features, labels = features[is_known], labels[is_known]
    found = entropy_neighbors(normalize(features, dim=1), anchors=anchors, temperature=temperature)
    is_pure = (labels == labels[found.neighbors]) & (found.anchors > 0)
    return float(is_pure.sum() / (found.anchors.sum() + (~is_known).sum()).clamp(min=1))

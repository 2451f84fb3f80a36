"""A data set whose samples know a neighbor of theirs."""

from torch import Tensor

from ssldsl.ops import Embeddings, Fraction, PositiveFloat, op
from ssldsl.ops.data import Data
from ssldsl.ops.samples import with_fields
from ssldsl.stdlib.targets.entropy_neighbors import entropy_neighbors


@op(paper="huang2019neighbourhood", adds={"neighbor": "Labels[samples]"})
def with_neighbors(
    data: Data,
    embeddings: Embeddings[Tensor, "samples dim"],
    *,
    anchors: Fraction,
    temperature: PositiveFloat = 0.1,
) -> Data:
    r"""Anchor neighborhoods as a field: where the sample stands that is nearest to each, or the sample itself.

    $$ n(i) = \arg\max_{j \neq i} v_i \cdot v_j \quad \text{for the anchors}, \qquad
       n(i) = i \quad \text{for the others} $$

    `embeddings`: of all samples, in their order. `anchors`: the share that are anchors, those of lowest entropy; see
    `entropy_neighbors`. The field `.neighbor` counts as `.position` does.

    Source: Huang et al., ICML 2019 (AND), sec. 3.2; Han et al., ECCV 2020 (TwoStageUC). Both read the memory bank as
    the round before left it, `previous.past.rows`.
    """
    return with_fields(data, neighbor=entropy_neighbors(embeddings, anchors=anchors, temperature=temperature).neighbors)

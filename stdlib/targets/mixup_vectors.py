"""Two views of a batch of vectors, both blended with the same partners."""

from typing import NamedTuple

from torch import Tensor

from ssldsl.ops import Labels, PositiveFloat, Vectors, Weights, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.targets.mixup_views import blend, drawn


class Composed(NamedTuple):
    """Both views, of which rows of the batch every vector is made, and which share each of them has."""

    vectors: Vectors[Tensor, "batch dim"]
    others: Vectors[Tensor, "batch dim"]
    partners: Labels[Tensor, "batch 2"]
    shares: Weights[Tensor, "batch 2"]


@op(paper="zhang2018mixup", across="gather")
def mixup_vectors(
    vectors: Vectors[Tensor, "batch dim"],
    others: Vectors[Tensor, "batch dim"],
    *,
    rng: SampleRng,
    beta: PositiveFloat = 0.3,
) -> Composed:
    r"""MixUp of two views of vectors (LSD-C on texts): each blended with a partner of the batch, the same in both.

    $$ x'_i = \lambda x_i + (1 - \lambda)\, x_{\pi(i)}, \quad \lambda \sim \mathrm{Beta}(\beta, \beta) $$

    As `mixup_views`. Where views are not random, both are the same.

    Source: Rebuffi et al., arXiv 2006.10039 (LSD-C), supplement; for vectors by analogy. Several processes: partners
    are rows of the whole batch.
    """
    partners, shares = drawn(vectors, beta, rng)
    return Composed(blend(vectors, partners, shares), blend(others, partners, shares), partners, shares)

"""Predictions, and what similar earlier samples were taken for, in one distribution."""

from torch import Tensor

from ssldsl.ops import Detached, Fraction, Probs, Scalar, op


@op(paper="li2021comatch")
def memory_smoothed(
    probs: Detached[Probs[Tensor, "batch classes"]],
    votes: Detached[Probs[Tensor, "batch classes"]],
    ready: Detached[Scalar[Tensor, ""]],
    *,
    share: Fraction = 0.9,
) -> Probs[Tensor, "batch classes"]:
    r"""CoMatch's memory-smoothed pseudo-labels: a part of the votes of similar rows, once the memory has some.

    $$ q = \alpha p + (1 - \alpha) v $$

    `votes`: v, such as `soft_nearest_neighbors` of a queue. `ready`: 1 once the queue is full; before, q is p.
    `share`: α.

    Source: Li et al., ICCV 2021 (CoMatch), eq. 5, and Zheng et al., CVPR 2022 (SimMatch), eq. 9. Rows sum to one.
    """
    own = 1 - (1 - share) * ready
    return own * probs + (1 - own) * votes

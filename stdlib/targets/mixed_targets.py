"""Targets of mixed images."""

from torch import Tensor

from ssldsl.ops import Detached, Probs, Values, op


@op(paper="zhang2018mixup", across="gather")
def mixed_targets(
    targets: Detached[Probs[Tensor, "batch classes"]],
    partners: Detached[Probs[Tensor, "batch classes"]],
    lam: Values[Tensor, "batch"],
) -> Probs[Tensor, "batch classes"]:
    r"""Targets for MixUp and CutMix: those of both batches, weighted by λ and 1 - λ.

    $$ q'_i = \lambda_i q_i + (1 - \lambda_i)\, p_{B+1-i} $$

    For labels: `mixed_targets(one_hot(x.label, 10), one_hot(x.label, 10), mixed.lam)`.

    Source: Zhang et al., ICLR 2018, eq. 1; Fini et al., CVPR 2023 (Suave), supplement, for cluster assignments of two
    views. In [0, 1]; rows sum to one.
    """
    own = lam.unsqueeze(1)
    return own * targets + (1 - own) * partners.flip(0)

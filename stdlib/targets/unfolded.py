"""A distribution over labeled rows, reweighted by what is predicted of their classes."""

from torch import Tensor

from ssldsl.ops import Detached, Labels, Probs, op


@op(paper="zheng2022simmatch", across="gather")
def unfolded(
    similarities: Detached[Probs[Tensor, "batch support"]],
    probs: Detached[Probs[Tensor, "batch classes"]],
    labels: Labels[Tensor, "support"],
) -> Probs[Tensor, "batch support"]:
    r"""SimMatch's unfolding: similarities to labeled rows, times the probability of the class of each, normalized.

    $$ t_{bs} \propto q_{bs}\, p_{b, y_s} $$

    So instances count for more whose class the prediction agrees with.

    Source: Zheng et al., CVPR 2022 (SimMatch), eq. 10. Rows sum to one.
    """
    scaled = similarities * probs[:, labels]
    return scaled / scaled.sum(dim=-1, keepdim=True)

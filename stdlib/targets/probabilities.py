"""Class probabilities of scores, inside an expression."""

from torch import Tensor

from ssldsl.ops import Logits, PositiveFloat, Probs, Scheduled, op


@op(keeps_prediction={"temperature": 1.0})
def probabilities(
    logits: Logits[Tensor, "batch classes"], *, temperature: Scheduled[PositiveFloat] = 1.0
) -> Probs[Tensor, "batch classes"]:
    r"""The distribution over classes that the scores stand for.

    $$ p_c = e^{z_c / T} / \sum_k e^{z_k / T} $$

    The function for a value at hand; `net >> softmax()` makes it the end of a network.

    Source: common practice; no paper. In (0, 1); rows sum to one.
    """
    return (logits / temperature).softmax(dim=-1)

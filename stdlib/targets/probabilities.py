"""Class probabilities of logits, inside an expression."""

from torch import Tensor

from ssldsl.ops import Logits, PositiveFloat, Probs, Scheduled, op


@op(keeps_prediction={"temperature": 1.0})
def probabilities(
    logits: Logits[Tensor, "batch ... classes"], *, temperature: Scheduled[PositiveFloat] = 1.0
) -> Probs[Tensor, "batch ... classes"]:
    r"""Softmax with temperature: class probabilities from logits.

    $$ p_c = e^{z_c / T} / \sum_k e^{z_k / T} $$

    For a value in an expression; as the end of a network it is `net >> softmax()`.

    Source: common practice; no paper. In (0, 1); rows sum to one.
    """
    return (logits / temperature).softmax(dim=-1)

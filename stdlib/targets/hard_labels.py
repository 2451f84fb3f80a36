"""The most likely class as a label."""

from torch import Tensor

from ssldsl.ops import Labels, Scores, op


@op(paper="lee2013pseudo")
def hard_labels(scores: Scores[Tensor, "batch classes"]) -> Labels[Tensor, "batch"]:
    r"""Hard pseudo-labels: the class of the largest logit, or of the largest probability, in every row.

    $$ y_b = \arg\max_c z_{bc} $$

    Source: Lee, ICML workshop on representation learning 2013. Of equal logits the first class; carries no gradient.
    """
    return scores.argmax(dim=-1)

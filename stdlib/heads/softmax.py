"""Class probabilities from class scores."""

from torch import Tensor, nn

from ssldsl.ops import Logits, Probs, op


@op()
class Softmax(nn.Module):
    r"""The distribution over classes that the scores stand for.

    $$ p_c = e^{z_c} / \sum_k e^{z_k} $$

    Source: common practice; no paper. In (0, 1); rows sum to one.
    """

    def forward(self, logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
        return logits.softmax(dim=-1)

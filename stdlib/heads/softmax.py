"""Class probabilities as the output of a network."""

from torch import Tensor, nn

from ssldsl.ops import Logits, Probs, op


@op()
class Softmax(nn.Module):
    r"""Softmax as the end of a network: class probabilities from logits.

    $$ p_c = e^{z_c} / \sum_k e^{z_k} $$

    Source: common practice; no paper. In (0, 1); rows sum to one.
    """

    def forward(self, logits: Logits[Tensor, "batch ... classes"]) -> Probs[Tensor, "batch ... classes"]:
        return logits.softmax(dim=-1)

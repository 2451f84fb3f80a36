"""A linear classifier."""

from torch import Tensor, nn

from ssldsl.ops import Features, Logits, PositiveInt, op


@op()
class Linear(nn.Module):
    r"""Linear classifier: one logit for every class, an affine function of the features.

    $$ z = W h + b, \quad W_{ij}, b_i \sim U(-1/\sqrt{dim},\; 1/\sqrt{dim}) $$

    Source: common practice; no paper. Logits have no limits.
    """

    def __init__(self, dim: PositiveInt, classes: PositiveInt) -> None:
        super().__init__()
        self.map = nn.Linear(dim, classes)

    def forward(self, features: Features[Tensor, "batch ... dim"]) -> Logits[Tensor, "batch ... classes"]:
        logits: Tensor = self.map(features)
        return logits

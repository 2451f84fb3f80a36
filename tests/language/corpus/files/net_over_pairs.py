from torch import Tensor, nn

from ssldsl.ops import op
from ssldsl.ops.kinds import Features, Pairs


@op(role="heads")
class Similar(nn.Module):
    """How alike rows are."""

    def forward(self, features: Features[Tensor, "batch dim"]) -> Pairs[Tensor, "batch batch"]:
        return features @ features.T

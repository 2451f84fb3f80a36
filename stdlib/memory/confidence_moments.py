"""Mean and variance of confidences, smoothed over steps."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssldsl.ops import Fraction, PositiveInt, Probs, Scalar, op


class Moments(NamedTuple):
    """The usual confidence, and the square of how far confidences are from it."""

    mean: Scalar[Tensor, ""]
    variance: Scalar[Tensor, ""]


@op(paper="chen2023softmatch")
class ConfidenceMoments(nn.Module):
    r"""Moving averages of the mean and the variance of a batch's confidences, those of this step included.

    $$ \mu_t = \beta \mu_{t-1} + (1 - \beta) \hat\mu,
       \quad \sigma^2_t = \beta \sigma^2_{t-1} + (1 - \beta) \hat\sigma^2,
       \quad \hat\mu = \frac{1}{B} \sum_b c_b, \quad \hat\sigma^2 = \frac{1}{B - 1} \sum_b (c_b - \hat\mu)^2,
       \quad c_b = \max_k p_{bk} $$

    State: mu and sigma squared; 1 / classes and 1 at first.

    Source: Chen et al., ICLR 2023 (SoftMatch), eq. 6 and 7, with the unbiased variance of the released code; mu alone
    is the global threshold of Wang et al., ICLR 2023 (FreeMatch), eq. 5.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, classes: PositiveInt, *, momentum: Fraction = 0.999) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.tensor(1 / classes))
        self.register_buffer("variance", torch.ones(()))

    def forward(self, probs: Probs[Tensor, "batch classes"]) -> Moments:
        confidence = probs.detach().to(self.mean).amax(dim=-1)
        spread = confidence.var() if len(confidence) > 1 else torch.zeros_like(self.variance)
        share = 1.0 - self.momentum
        return Moments(self.mean.lerp(confidence.mean(), share), self.variance.lerp(spread, share))

    @torch.no_grad()
    def commit(self, probs: Tensor) -> None:
        mean, variance = self.forward(probs)
        self.mean.copy_(mean)
        self.variance.copy_(variance)

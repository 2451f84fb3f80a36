"""Weights that fall with how far a confidence is below the usual one."""

from torch import Tensor

from ssldsl.ops import Detached, PositiveFloat, Scalar, Weights, op


@op(paper="chen2023softmatch")
def truncated_gaussian_weights(
    confidence: Weights[Tensor, "batch"],
    mean: Detached[Scalar[Tensor, ""]],
    variance: Detached[Scalar[Tensor, ""]],
    *,
    sigmas: PositiveFloat = 2.0,
) -> Weights[Tensor, "batch"]:
    r"""1 for rows of at least the mean confidence, below it a Gaussian of their distance.

    $$ w_b = \exp\left(-\frac{n^2 \min(c_b - \mu, 0)^2}{2 \sigma^2}\right) $$

    The Gaussian is `sigmas` times as narrow as the variance says.

    Source: Chen et al., ICLR 2023 (SoftMatch), with n = 2 as in the released code. In (0, 1].
    """
    below = (confidence - mean).clamp(max=0)
    return (-(sigmas**2) * below.square() / (2 * variance)).exp()

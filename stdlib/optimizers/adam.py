"""Adam."""

from typing import Any, Literal

import torch

from ssldsl.ops import Fraction, NonNegativeFloat, PositiveFloat, Scheduled, op
from ssldsl.ops.parameters import split_decay, with_moments
from ssldsl.ops.uncompiled import uncompiled_optimizer


@op(paper="kingma2015adam")
def adam(
    parameters: list[dict[str, Any]],
    *,
    lr: Scheduled[PositiveFloat],
    beta1: Scheduled[Fraction] = 0.9,
    beta2: Scheduled[Fraction] = 0.999,
    epsilon: PositiveFloat = 1e-8,
    weight_decay: Scheduled[NonNegativeFloat] = 0.0,
    exclude: list[Literal["bias", "norm"]] = [],  # noqa: B006  # a literal default that is only read
) -> torch.optim.Optimizer:
    r"""Adam; the weight decay is part of the gradient.

    $$ g \leftarrow \nabla L + \lambda \theta, \quad m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad
       v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad \theta \leftarrow \theta - \eta\, \hat m / (\sqrt{\hat v} +
       \epsilon) $$

    Hats: divided by 1 - β^t. `exclude`: parameters without weight decay.

    Source: Kingma & Ba, ICLR 2015, algorithm 1.
    """
    groups = with_moments(split_decay(parameters, weight_decay, exclude), beta1, beta2, epsilon)
    return uncompiled_optimizer(torch.optim.Adam)(groups, lr=lr, weight_decay=weight_decay)

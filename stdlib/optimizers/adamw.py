"""Adam with decoupled weight decay."""

from typing import Any, Literal

import torch

from ssldsl.ops import Fraction, NonNegativeFloat, PositiveFloat, Scheduled, op
from ssldsl.ops.parameters import split_decay, with_moments
from ssldsl.ops.uncompiled import uncompiled_optimizer


@op(paper="loshchilov2019adamw")
def adamw(
    parameters: list[dict[str, Any]],
    *,
    lr: Scheduled[PositiveFloat],
    beta1: Scheduled[Fraction] = 0.9,
    beta2: Scheduled[Fraction] = 0.999,
    epsilon: PositiveFloat = 1e-8,
    weight_decay: Scheduled[NonNegativeFloat] = 0.01,
    exclude: list[Literal["bias", "norm"]] = [],  # noqa: B006  # a literal default that is only read
) -> torch.optim.Optimizer:
    r"""AdamW: Adam with decoupled weight decay.

    $$ \theta \leftarrow (1 - \eta \lambda)\, \theta, \quad
       \theta \leftarrow \theta - \eta\, \hat m / (\sqrt{\hat v} + \epsilon) $$

    `exclude`: parameters without weight decay.

    Source: Loshchilov & Hutter, ICLR 2019, algorithm 2; the decay is multiplied by the learning rate, as in PyTorch.
    """
    groups = with_moments(split_decay(parameters, weight_decay, exclude), beta1, beta2, epsilon)
    return uncompiled_optimizer(torch.optim.AdamW)(groups, lr=lr, weight_decay=weight_decay)

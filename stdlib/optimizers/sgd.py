"""Stochastic gradient descent with momentum."""

from typing import Any, Literal

import torch

from ssldsl.ops import Fraction, NonNegativeFloat, PositiveFloat, Scheduled, op
from ssldsl.ops.parameters import split_decay
from ssldsl.ops.uncompiled import uncompiled_optimizer


@op(paper="sutskever2013momentum")
def sgd(
    parameters: list[dict[str, Any]],
    *,
    lr: Scheduled[PositiveFloat],
    momentum: Scheduled[Fraction] = 0.0,
    nesterov: bool = False,
    weight_decay: Scheduled[NonNegativeFloat] = 0.0,
    exclude: list[Literal["bias", "norm"]] = [],  # noqa: B006  # a literal default that is only read
) -> torch.optim.Optimizer:
    r"""SGD with heavy-ball or Nesterov momentum; the weight decay is part of the gradient.

    $$ g \leftarrow \nabla L + \lambda \theta, \quad v \leftarrow \mu v + g, \quad \theta \leftarrow \theta - \eta v
       \;\; (\text{Nesterov: } \theta - \eta (g + \mu v)) $$

    `exclude`: parameters without weight decay.

    Source: Sutskever et al., ICML 2013, in the form whose buffer holds gradients. `nesterov` needs momentum above 0.
    """
    groups = split_decay(parameters, weight_decay, exclude)
    return uncompiled_optimizer(torch.optim.SGD)(
        groups, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay
    )

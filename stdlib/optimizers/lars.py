"""Layer-wise adaptive rate scaling: momentum with a rate of its own for every tensor."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from ssldsl.ops import Fraction, NonNegativeFloat, PositiveFloat, Scheduled, op
from ssldsl.ops.parameters import Group, split_decay
from ssldsl.ops.uncompiled import uncompiled_optimizer


@op(paper="you2017lars")
def lars(
    parameters: list[dict[str, Any]],
    *,
    lr: Scheduled[PositiveFloat],
    momentum: Fraction = 0.9,
    weight_decay: Scheduled[NonNegativeFloat] = 0.0,
    trust: PositiveFloat = 0.001,
    clip: bool = False,
    norms: Literal["apart", "together"] = "apart",
    velocity: Literal["gradients", "steps"] = "gradients",
    epsilon: NonNegativeFloat = 1e-8,
    exclude: list[Literal["bias", "norm"]] = [],  # noqa: B006  # a literal default that is only read
) -> torch.optim.Optimizer:
    r"""LARS: SGD with momentum and layer-wise adaptive rates, in proportion to the weights of each tensor.

    $$ a = \tau \frac{\|\theta\|}{\|g\| + \lambda \|\theta\| + \epsilon}, \quad
       v \leftarrow \mu v + a\,(g + \lambda \theta), \quad \theta \leftarrow \theta - \eta v $$

    τ is `trust`. A tensor that is zero, or whose gradient is, takes a plain step without decay: so does a fresh bias,
    and that step is long. `exclude`: parameters that always take plain steps without decay.

    - `norms="together"`: the divisor is $\|g + \lambda \theta\|$, as in DINO's and Barlow Twins' codes; no ε.
    - `clip`: no longer steps than plain ones: a is at most η, and v holds a / η instead (LARC).
    - `velocity="steps"`: v holds η a (g + λ θ), so a new rate does not change earlier steps (PAWS' code).

    A gradient that is nothing but rounding, such as that of a bias before batch normalization, is scaled up alike.

    Source: You et al., 2017, algorithm 1; the defaults are those of Caron et al., NeurIPS 2020 (SwAV), and Fini et al.,
    CVPR 2023 (Suave), released codes. A factor on the loss changes no step, but for ε.
    """
    groups = [
        {"is_scaled": "fixed" not in group, "lr": lr, **group}
        for group in split_decay(parameters, weight_decay, exclude)
    ]
    return uncompiled_optimizer(Lars)(
        groups, momentum=momentum, trust=trust, clip=clip, norms=norms, velocity=velocity, epsilon=epsilon
    )


class Lars(torch.optim.Optimizer):
    """The state of a parameter is its `velocity`; a parameter that never had a gradient has none."""

    def __init__(self, groups: Sequence[Group], **settings: Any) -> None:
        super().__init__(groups, settings)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step of every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.grad is not None]
            if weights:
                _step(group, weights, [self._velocity(p) for p in weights])
        return loss

    def _velocity(self, weight: Tensor) -> Tensor:
        state = self.state[weight]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(weight)
        velocity: Tensor = state["velocity"]
        return velocity


def _step(group: Group, weights: list[Tensor], velocities: list[Tensor]) -> None:
    """All tensors of a group at once; nothing waits for the device."""
    gradients = [w.grad for w in weights if w.grad is not None]
    scaled = _scaled(group, weights, gradients) if group["is_scaled"] else gradients
    inside, outside = (group["lr"], 1.0) if group["velocity"] == "steps" else (1.0, group["lr"])
    torch._foreach_mul_(velocities, group["momentum"])
    torch._foreach_add_(velocities, scaled, alpha=inside)
    torch._foreach_add_(weights, velocities, alpha=-outside)


def _scaled(group: Group, weights: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
    """The update a (g + λ θ) of every tensor, and what a plain step takes where a length is zero."""
    decayed = list(torch._foreach_add(gradients, weights, alpha=group["weight_decay"]))
    sizes, slopes = _norms(weights), _norms(gradients)
    divisors, plain = slopes + group["weight_decay"] * sizes + group["epsilon"], gradients
    if group["norms"] == "together":
        divisors = slopes = _norms(decayed)
        plain = decayed
    rates = group["trust"] * sizes / divisors
    if group["clip"]:
        rates = (rates / group["lr"]).clamp(max=1)
    parts = zip(decayed, plain, rates, (sizes > 0) & (slopes > 0), strict=True)
    return [torch.where(is_moved, d * rate.to(d.dtype), p) for d, p, rate, is_moved in parts]


def _norms(tensors: list[Tensor]) -> Tensor:
    """Their lengths, in one tensor."""
    return torch.stack(torch._foreach_norm(tensors))

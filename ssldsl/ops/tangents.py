"""Derivatives in one direction, taken forwards, with rules for layers whose own take long.

Of these layers torch computes with tangents of weights that do not move, which are zeros; that takes two to six times
as long, and imports torch's compiler, which takes more than a second.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import functional
from torch.overrides import TorchFunctionMode


def derivative(function: Callable[[Tensor], Tensor], value: Tensor, tangent: Tensor) -> tuple[Tensor, Tensor | None]:
    """What the function makes of the value, and its derivative in this direction; none where it does not depend on it.

    Both can be differentiated again.
    """
    with forward_ad.dual_level():
        try:
            with _Rules():
                return _parted(function(_joined(value, tangent)))
        except NotImplementedError:  # of an op that has its derivative from what torch imports here
            moving: Tensor = forward_ad.make_dual(value, tangent)  # type: ignore[no-untyped-call]  # torch's is untyped
            return _parted(function(moving))


def _joined(value: Tensor, tangent: Tensor) -> Tensor:
    moving: Tensor = torch._make_dual(value, tangent, level=0)  # torch has no levels within levels
    return moving


def _parted(moving: Tensor) -> tuple[Tensor, Tensor | None]:
    value, tangent = forward_ad.unpack_dual(moving)  # type: ignore[no-untyped-call]  # torch's is untyped
    return value, tangent


class _Rules(TorchFunctionMode):
    """Inside, layers that are known here take their derivative by their rule where their first argument alone moves."""

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        rule = RULES.get(func)
        if rule is None or not args or any(map(_is_moving, (*args[1:], *kwargs.values()))):
            return func(*args, **kwargs)
        value, tangent = _parted(args[0])
        result = func(value, *args[1:], **kwargs)
        return result if tangent is None else _joined(result, rule(value, tangent, *args[1:], **kwargs))


def _is_moving(argument: object) -> bool:
    return isinstance(argument, Tensor) and _parted(argument)[1] is not None


def _linear(value: Tensor, tangent: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.linear(tangent, weight)


def _group_norm(
    value: Tensor,
    tangent: Tensor,
    groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    value, tangent = (part.view(len(part), groups, -1, *part.shape[2:]) for part in (value, tangent))
    scale = None if weight is None else weight.view(groups, -1, *[1] * (value.ndim - 3))
    return _of_normalized(value, tangent, tuple(range(2, value.ndim)), scale, eps).flatten(1, 2)


def _layer_norm(
    value: Tensor,
    tangent: Tensor,
    shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    return _of_normalized(value, tangent, tuple(range(-len(shape), 0)), weight, eps)


def _batch_norm(
    value: Tensor,
    tangent: Tensor,
    mean: Tensor | None,
    var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    shape = (-1, *[1] * (value.ndim - 2))
    scale = None if weight is None else weight.view(shape)
    if training or var is None:
        return _of_normalized(value, tangent, (0, *range(2, value.ndim)), scale, eps)
    fixed = (var + eps).rsqrt().view(shape)
    return tangent * (fixed if scale is None else fixed * scale)


def _of_normalized(
    value: Tensor, tangent: Tensor, places: tuple[int, ...], weight: Tensor | None, eps: float
) -> Tensor:
    r"""$w r (\dot x - \bar{\dot x}) - w r^3 (x - \bar x)\, \overline{(x - \bar x) \dot x}$; r: 1 / s.d. there."""
    var, mean = torch.var_mean(value, places, correction=0, keepdim=True)
    scale, centered = (var + eps).rsqrt(), value - mean
    together = (centered * tangent).mean(places, keepdim=True) * scale.pow(3)
    if weight is not None:
        scale, together = scale * weight, together * weight
    return torch.addcmul((tangent - tangent.mean(places, keepdim=True)) * scale, centered, together, value=-1)


RULES: dict[Callable[..., Tensor], Callable[..., Tensor]] = {
    functional.linear: _linear,
    functional.group_norm: _group_norm,
    functional.layer_norm: _layer_norm,
    functional.batch_norm: _batch_norm,
}

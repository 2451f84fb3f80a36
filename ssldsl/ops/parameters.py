"""Groups of parameters as an optimizer op receives them, and what weight decay leaves out."""

from collections.abc import Collection, Sequence
from typing import Any

from torch import Tensor

Group = dict[str, Any]


def split_decay(groups: Sequence[Group], weight_decay: float, exclude: Collection[str]) -> list[Group]:
    """The groups with their weight decay, split where some of their parameters are excluded from it.

    A group is `{"params": [...], "names": [...]}` with settings of its own that win over the optimizer's. Excluded
    parameters come in a group of decay 0 whose `fixed` names the settings that no schedule may touch.
    exclude: `bias`: parameters called bias; `norm`: the scale of a normalization layer (a `weight` of one dimension)
        and its bias.
    """
    result: list[Group] = []
    for group in groups:
        kept, left_out = _parted(group, excluded_names(group, group.get("exclude", exclude)))
        result.append({"weight_decay": weight_decay, **kept})
        result.append({**left_out, "weight_decay": 0.0, "fixed": ["weight_decay"]})
    return [group for group in result if group["params"]]


def with_moments(groups: Sequence[Group], beta1: float, beta2: float, epsilon: float) -> list[Group]:
    """The groups with the settings of Adam under torch's names; a group's own win over the optimizer's."""

    def named(group: Group) -> Group:
        rest = {name: value for name, value in group.items() if name not in ("beta1", "beta2", "epsilon")}
        betas = (group.get("beta1", beta1), group.get("beta2", beta2))
        return {**rest, "betas": betas, "eps": group.get("epsilon", epsilon)}

    return [named(group) for group in groups]


def excluded_names(group: Group, exclude: Collection[str]) -> frozenset[str]:
    """Names of the group's parameters that `exclude` means."""
    unknown = set(exclude) - {"bias", "norm"}
    if unknown:
        raise ValueError(f"weight decay can leave out `bias` and `norm`, not {sorted(unknown)}")
    tensors: dict[str, Tensor] = dict(zip(group["names"], group["params"], strict=True))
    norms = {_layer(name) for name, tensor in tensors.items() if _last(name) == "weight" and tensor.ndim <= 1}
    return frozenset(
        name
        for name in tensors
        if ("bias" in exclude and _last(name) == "bias") or ("norm" in exclude and _layer(name) in norms)
    )


def _parted(group: Group, names: frozenset[str]) -> tuple[Group, Group]:
    def part(inside: bool) -> Group:
        chosen = [i for i, name in enumerate(group["names"]) if (name in names) == inside]
        return {**group, **{key: [group[key][i] for i in chosen] for key in ("params", "names")}}

    return part(False), part(True)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _layer(name: str) -> str:
    return name.rpartition(".")[0]

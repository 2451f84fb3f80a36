"""The optimizer of a stage: made by an op of the library, its rates set before each step as functions of it."""

from typing import Any

import torch
from attrs import frozen

from ssldsl.errors import InternalError
from ssldsl.graph.plan import StagePlan
from ssldsl.runtime.loading import Library, op_object, signature_of
from ssldsl.runtime.scalars import Scalars

Group = dict[str, Any]


@frozen
class Binding:
    """A setting of the `group`-th group of parameters that follows the `slot`-th schedule of the stage."""

    group: int
    name: str
    slot: int


@frozen
class Rates:
    """Every scheduled setting of an optimizer. Groups are known by number: loading a state makes them anew."""

    optimizer: torch.optim.Optimizer
    bindings: tuple[Binding, ...]

    def set(self, values: list[float]) -> None:
        """Give the groups the values of this step; `values` as `Scalars.at` gives them."""
        for binding in self.bindings:
            self.optimizer.param_groups[binding.group][binding.name] = values[binding.slot]


def make_optimizer(
    stage: StagePlan, parameters: list[Group], scalars: Scalars, library: Library
) -> tuple[torch.optim.Optimizer, Rates]:
    """The optimizer over groups `{"path", "names", "params"}`, and what sets its rates."""
    settings = stage.optimizer.settings
    groups = [{**group, **scalars.resolve(stage.groups.get(group["path"], {}), 0)} for group in parameters]
    op = op_object(signature_of(library, stage.optimizer.op))
    optimizer: torch.optim.Optimizer = op(groups, **scalars.resolve(settings, 0))
    bindings = []
    for number, group in enumerate(optimizer.param_groups):
        own = stage.groups.get(group["path"], {})
        for name, value in {**settings, **own}.items():
            if isinstance(value, dict) and name not in group.get("fixed", ()):
                if name not in group:
                    raise InternalError(f"optimizer `{stage.optimizer.op}` has no setting `{name}` that could change")
                bindings.append(Binding(number, name, value["schedule"]))
    return optimizer, Rates(optimizer, tuple(bindings))


def learning_rates(optimizer: torch.optim.Optimizer) -> dict[str, float]:
    """The rate of every module, by its path."""
    return {str(group["path"]): float(group["lr"]) for group in optimizer.param_groups}

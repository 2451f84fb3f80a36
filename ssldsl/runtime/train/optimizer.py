"""The optimizer of a stage: made by an op of the library, its rates set before each step as functions of it."""

from collections.abc import Mapping
from typing import Any

import torch
from attrs import frozen

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import StagePlan
from ssldsl.ops.library import Library
from ssldsl.runtime.ops.errors import OP_ERRORS, Raised
from ssldsl.runtime.ops.load import op_object, signature_of
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.spans import span_of

Group = dict[str, Any]
PAIRED = {"beta1": ("betas", 0), "beta2": ("betas", 1)}  # settings that torch keeps as places of a tuple
_TINY = 1e-6  # added to a norm that a limit is divided by, as torch does


@frozen
class ScheduledSetting:
    """A setting of the `group`-th group of parameters that follows the `slot`-th schedule of the stage."""

    group: int
    name: str
    slot: int


@frozen
class Rates:
    """Every scheduled setting of an optimizer. Groups are known by number: loading a state makes them anew."""

    optimizer: torch.optim.Optimizer
    bindings: tuple[ScheduledSetting, ...]

    def set(self, values: list[float]) -> None:
        """Give the groups the values of this step; `values` as `Scalars.at` gives them."""
        for binding in self.bindings:
            group, value = self.optimizer.param_groups[binding.group], values[binding.slot]
            if binding.name in PAIRED:
                name, place = PAIRED[binding.name]
                group[name] = (*group[name][:place], value, *group[name][place + 1 :])
            else:
                group[binding.name] = value


def make_optimizer(
    stage: StagePlan, parameters: list[Group], scalars: Scalars, library: Library
) -> tuple[torch.optim.Optimizer, Rates]:
    """The optimizer over groups `{"path", "names", "params"}`, and what sets its rates."""
    settings = stage.optimizer.settings
    groups = [{**group, **scalars.resolve(stage.groups.get(group["path"], {}), 0)} for group in parameters]
    optimizer = _made(stage, groups, scalars.resolve(settings, 0), library)
    bindings = []
    for number, group in enumerate(optimizer.param_groups):
        own = stage.groups.get(group["path"], {})
        for name, value in {**settings, **own}.items():
            if isinstance(value, dict) and name not in group.get("fixed", ()):
                if name not in group and PAIRED.get(name, ("",))[0] not in group:
                    raise InternalError(f"optimizer `{stage.optimizer.op}` has no setting `{name}` that could change")
                bindings.append(ScheduledSetting(number, name, value["schedule"]))
    return optimizer, Rates(optimizer, tuple(bindings))


def _made(stage: StagePlan, groups: list[Group], settings: dict[str, Any], library: Library) -> torch.optim.Optimizer:
    """What the op of an optimizer makes of its parameters and settings. Raises R406 where its own code fails."""
    name, place = stage.optimizer.op, span_of(stage.optimizer.place)
    try:
        made = op_object(signature_of(library, name))(groups, **settings)
    except OP_ERRORS as error:
        raised = Raised.of(error)
        message = f"the optimizer `{name}` cannot be made: {raised.text}"
        raise SpecError(Diagnostic("R406", message, place, hints=raised.hints)) from error
    if not isinstance(made, torch.optim.Optimizer):
        message = f"`{name}` gave a {type(made).__name__}, and no optimizer"
        raise SpecError(Diagnostic("R406", message, place, help="it returns a `torch.optim.Optimizer`"))
    return made


def prepare_gradients(optimizer: torch.optim.Optimizer, limit: float | None, step: int) -> None:
    """Drop what is still frozen, as if it did not learn, and limit the norm of every other gradient.

    limit: of the norm of each tensor's gradient g, which becomes g min(1, limit / (|g| + 1e-6)). step: from 0.
    """
    for group in optimizer.param_groups:
        if group.get("freeze", 0.0) > step:
            for parameter in group["params"]:
                parameter.grad = None
    if limit is None:
        return
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    if gradients:
        norms = torch.stack(torch._foreach_norm(gradients))
        torch._foreach_mul_(gradients, (limit / (norms + _TINY)).clamp(max=1.0).unbind())


def learning_rates(optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, float]:
    """The rate of every module, by its path; where several updates train it, of each.

    optimizers: by the name of their update.
    """
    found: dict[str, float] = {}
    for update, optimizer in optimizers.items():
        for group in optimizer.param_groups:
            path = str(group["path"])
            found[f"{update}.{path}" if path in found else path] = float(group["lr"])
    return found

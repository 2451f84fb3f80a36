"""Moving averages of weights: nets that are the average of another, and the average of a stage that evaluation uses.

Both are updated after each optimiser step, on the device, with a factor that is a function of the step.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from attrs import frozen
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ssldsl.errors import InternalError
from ssldsl.graph.plan import ModulePlan, OpPlan, Plan, StagePlan
from ssldsl.runtime.nets.modules import module_key
from ssldsl.runtime.ops.load import Library
from ssldsl.runtime.ops.scalars import scalar_function

# step (from 0), steps of the stage -> share of the old average that stays; nothing where the step does not count
Keep = Callable[[int, int], float | None]
Resolve = Callable[[Mapping[str, Any], int], Mapping[str, Any]]


@frozen
class Moving:
    """Tensors that follow others: `average <- keep * average + (1 - keep) * live` after each optimiser step."""

    average: dict[str, Tensor]
    live: dict[str, Tensor]
    keep: Keep

    @torch.no_grad()
    def update(self, step: int, steps: int) -> None:
        """Take the weights after `step` (from 0) into the average."""
        keep = self.keep(step, steps)
        if keep is not None and self.average:
            update = get_ema_multi_avg_fn(min(max(keep, 0.0), 1.0))  # type: ignore[no-untyped-call]  # torch's
            update(list(self.average.values()), list(self.live.values()), None)


def half_life_keep(half_life: float) -> Keep:
    """The constant share with which a weight has lost half its say after `half_life` steps."""
    keep = 0.5 ** (1 / half_life)
    return lambda step, steps: keep


def equal_keep(start: float, every: float) -> Keep:
    """Shares that give every weight from step `start` on, each `every` steps, the same say."""
    first, period = round(start), max(1, round(every))

    def keep(step: int, steps: int) -> float | None:
        done = step + 1 - first
        if done < 0 or done % period:
            return 0.0 if done < 0 else None  # until it starts, the average is the weights themselves
        count = done // period
        return count / (count + 1)

    return keep


def _unscheduled(settings: Mapping[str, Any], step: int) -> Mapping[str, Any]:
    return settings


def stage_average(settings: OpPlan, live: Mapping[str, Tensor], resolve: Resolve = _unscheduled) -> Moving:
    """The average that a stage asks for, beginning with the weights as they are.

    resolve: (settings, step) -> settings with every schedule replaced by its value, as `Scalars.resolve`.
    """
    keeps: dict[str, Callable[[], Keep]] = {
        "polyak": lambda: _polyak_keep(settings.settings, resolve),
        "swa": lambda: equal_keep(settings.settings.get("start") or 0.0, settings.settings.get("every") or 1.0),
    }
    if settings.op not in keeps:
        raise InternalError(f"the plan names the average `{settings.op}`, known are {sorted(keeps)}")
    return Moving({name: t.detach().clone() for name, t in live.items()}, dict(live), keeps[settings.op]())


def _polyak_keep(settings: Mapping[str, Any], resolve: Resolve) -> Keep:
    if "half_life" in settings:
        return half_life_keep(settings["half_life"])
    return lambda step, steps: float(resolve(settings, step)["momentum"])


def averaged_nets(plan: Plan, stage: StagePlan, modules: nn.ModuleDict, library: Library) -> list[Moving]:
    """The nets that follow a net which this stage trains. Parameters follow; buffers are a net's own."""
    trained = {path.split(".")[0] for path in stage.train} | set(stage.train)
    found = []
    for module in plan.modules:
        source = module.average_of
        if source and (source in trained or source.split(".")[0] in trained):
            average: dict[str, Tensor] = dict(modules[module_key(module.path)].named_parameters())
            live: dict[str, Tensor] = dict(modules[module_key(source)].named_parameters())
            found.append(Moving(average, live, _keep_of(module, library)))
    return found


def _keep_of(module: ModulePlan, library: Library) -> Keep:
    if module.momentum is not None:
        momentum = scalar_function(module.momentum, library)
        return lambda step, steps: momentum(step, steps)
    if module.half_life is None:
        raise InternalError(f"`{module.path}` is a moving average without momentum or half-life")
    return half_life_keep(module.half_life)


@contextmanager
def averaged_weights(average: Moving | None) -> Iterator[None]:
    """Inside, the live weights hold the average; afterwards they are what they were, to the bit."""
    if average is None:
        yield
        return
    live, shadow = list(average.live.values()), list(average.average.values())
    with torch.no_grad():
        kept = [t.detach().clone() for t in live]
        torch._foreach_copy_(live, shadow)
    try:
        yield
    finally:
        with torch.no_grad():
            torch._foreach_copy_(live, kept)

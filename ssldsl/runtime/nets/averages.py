"""Moving averages of weights: nets that are the average of another, and the average of a stage that evaluation uses.

Both are updated after each optimizer step, on the device, with a factor that is a function of the step. All that a
network holds follows: its parameters, and the statistics that it is evaluated with.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from attrs import Factory, frozen
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ssldsl.errors import InternalError
from ssldsl.graph.plan import ModulePlan, OpPlan, Plan, StagePlan
from ssldsl.ops.library import Library
from ssldsl.runtime.nets.modules import find, followed, module_key
from ssldsl.runtime.ops.scalars import scalar_function

# step (from 0), steps of the stage -> share of the old average that stays; nothing where the step does not count
Keep = Callable[[int, int], float | None]
Resolve = Callable[[Mapping[str, Any], int], Mapping[str, Any]]


@frozen
class Moving:
    """Tensors that follow others: `average <- keep * average + (1 - keep) * live` after each optimizer step.

    statistics: names of those that are no parameters. A net that is an average moves them itself where a term runs it;
    that is undone when it follows, so they belong to its weights whoever runs it.
    """

    average: dict[str, Tensor]
    live: dict[str, Tensor]
    keep: Keep
    statistics: frozenset[str] = frozenset()
    _kept: dict[str, Tensor] = Factory(
        lambda self: {name: self.average[name].detach().clone() for name in self.statistics}, takes_self=True
    )

    @torch.no_grad()
    def begin(self) -> None:
        """Note the statistics as they are when a step begins."""
        _copy(self._kept, self.average)

    @torch.no_grad()
    def update(self, step: int, steps: int) -> None:
        """Take the weights after `step` (from 0) into the average.

        A network begins with statistics of nothing (mean 0, variance 1), so in its first steps those of the average
        are the plain mean of what they follow, in which that beginning soon has no say.
        """
        _copy(self.average, self._kept)
        keep = self.keep(step, steps)
        if keep is not None:
            self._follow([name for name in self.average if name not in self.statistics], keep)
            self._follow(list(self.statistics), min(keep, step / (step + 1)))

    @torch.no_grad()
    def take_statistics(self) -> None:
        """Take over the statistics of what is followed, which were estimated anew for the averaged weights."""
        _copy({name: self.average[name] for name in self.statistics}, self.live)

    def own_statistics(self) -> list[Tensor]:
        """The averaged statistics, themselves."""
        return [tensor for name, tensor in self.average.items() if name in self.statistics]

    def _follow(self, names: list[str], keep: float) -> None:
        """Numbers come nearer to what they follow; counts, which have no mean, are taken over."""
        numbers = [name for name in names if self.average[name].is_floating_point()]
        if numbers:
            update = get_ema_multi_avg_fn(min(max(keep, 0.0), 1.0))  # type: ignore[no-untyped-call]  # torch's
            update([self.average[name] for name in numbers], [self.live[name] for name in numbers], None)
        _copy({name: self.average[name] for name in names if name not in numbers}, self.live)


def _copy(target: Mapping[str, Tensor], source: Mapping[str, Tensor]) -> None:
    """Put what the source has into the tensors of the target that are in both, with few calls of the device."""
    names = [name for name in target if name in source]
    if names:
        torch._foreach_copy_([target[name] for name in names], [source[name] for name in names])


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
    """The average that a stage asks for of what `averaged` gives, beginning with the weights as they are.

    resolve: (settings, step) -> settings with every schedule replaced by its value, as `Scalars.resolve`.
    """
    keeps: dict[str, Callable[[], Keep]] = {
        "polyak": lambda: _polyak_keep(settings.settings, resolve),
        "swa": lambda: equal_keep(settings.settings.get("start") or 0.0, settings.settings.get("every") or 1.0),
    }
    if settings.op not in keeps:
        raise InternalError(f"the plan names the average `{settings.op}`, known are {sorted(keeps)}")
    average = {name: tensor.detach().clone() for name, tensor in live.items()}
    return Moving(average, dict(live), keeps[settings.op](), _statistics(live))


def averaged(stage: StagePlan, modules: nn.ModuleDict) -> dict[str, Tensor]:
    """What the average of a stage follows: the parameters that it trains, and the statistics of their networks."""
    learning = {id(t) for path in stage.train for t in find(modules, path).state_dict(keep_vars=True).values()}
    return {name: t for name, t in _state(modules).items() if id(t) in learning}


def _state(module: nn.Module) -> dict[str, Tensor]:
    """The tensors that a checkpoint has of a module, themselves."""
    return {name: t for name, t in module.state_dict(keep_vars=True).items() if isinstance(t, Tensor)}


def _statistics(tensors: Mapping[str, Tensor]) -> frozenset[str]:
    return frozenset(name for name, tensor in tensors.items() if not isinstance(tensor, nn.Parameter))


def _polyak_keep(settings: Mapping[str, Any], resolve: Resolve) -> Keep:
    if "half_life" in settings:
        return half_life_keep(settings["half_life"])
    return lambda step, steps: float(resolve(settings, step)["momentum"])


def averaged_nets(plan: Plan, stage: StagePlan, modules: nn.ModuleDict, library: Library) -> list[Moving]:
    """The nets that follow a net which this stage trains, each behind what it follows, with all they are saved with."""
    trained = {path.split(".")[0] for path in stage.train} | set(stage.train)
    found = []
    for module in plan.modules:
        source = followed(plan, module)
        if source and (source in trained or source.split(".")[0] in trained):
            average, live = (_state(modules[module_key(path)]) for path in (module.path, module.average_of))
            found.append(Moving(average, live, _keep_of(module, library), _statistics(average)))
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

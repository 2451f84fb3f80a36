"""Scalars in time: weights, temperatures, rates. Each is a function of the step and of the length of the run."""

import math
import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import CombinedPlan, ConstantPlan, CurvePlan, ScalarPlan, StagePlan, scalar_plan
from ssldsl.ops.library import Library
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.ops.errors import OP_ERRORS, Raised
from ssldsl.runtime.ops.load import OpSource, op_object, signature_of

ScalarFunction = Callable[[float, float], float]


def _divided(left: float, right: float) -> float:
    """As tensors divide: by 0 it is infinite, and 0 by 0 no number."""
    return left / right if right else math.copysign(math.inf, right) * left


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}


class ScheduleNotFinite(Exception):
    """A schedule or a weight is infinite or not a number at a step. `slot`: its place among the scalars of the step."""

    def __init__(self, slot: int) -> None:
        self.slot = slot
        super().__init__(f"the scalar {slot} of the step is no finite number")


def constant(plan: ScalarPlan) -> float:
    """The value of a scalar that does not change."""
    if not isinstance(plan, ConstantPlan):
        raise ValueError(f"{plan} changes with time")
    return float(plan.value)


def weight_slots(stage: StagePlan) -> dict[str, int]:
    """Where among the scalars of a step the weights that change with time stand: after the schedules."""
    varying = [term.name for term in stage.terms if not isinstance(term.weight, ConstantPlan)]
    return {name: slot for slot, name in enumerate(varying, start=len(stage.schedules))}


def scalar_function(plan: ScalarPlan, library: OpSource) -> ScalarFunction:
    """A scalar as a function of (step, length of the run in steps)."""
    if isinstance(plan, ConstantPlan):
        return partial(_constant, float(plan.value))
    if isinstance(plan, CurvePlan):
        settings = {name: _inside(setting, library) for name, setting in plan.settings.items()}
        return partial(_curve, plan.op, op_object(signature_of(library, plan.op)), settings)
    left, right = scalar_function(plan.left, library), scalar_function(plan.right, library)
    if plan.op == "then":
        return partial(_then, left, right, _length(plan))
    return partial(_combined, _ARITHMETIC[plan.op], left, right)


def _inside(setting: Any, library: OpSource) -> Any:
    """A setting of a schedule; another schedule as a function."""
    plan = scalar_plan(setting)
    return setting if plan is None else scalar_function(plan, library)


def value(plan: ScalarPlan, step: float, steps: float, library: OpSource) -> float:
    """A scalar at a step of a run of `steps` steps."""
    return scalar_function(plan, library)(step, steps)


def _constant(value: float, step: float, steps: float) -> float:
    return value


def _curve(name: str, schedule: Callable[..., float], settings: Mapping[str, Any], step: float, steps: float) -> float:
    try:
        return float(schedule(step, steps, **settings))
    except OP_ERRORS as error:
        raise SpecError(_failed(name, step, error)) from error


def _failed(name: str, step: float, error: BaseException) -> Diagnostic:
    """A schedule whose own code fails, or gives no number."""
    raised = Raised.of(error)
    message = f"the schedule `{name}` failed at step {step + 1:g}: {raised.text}"
    return Diagnostic(
        "R406", message, hints=raised.hints, help="it takes a step and the length of the run, and gives a number"
    )


def _combined(
    operation: Callable[[float, float], float], left: ScalarFunction, right: ScalarFunction, step: float, steps: float
) -> float:
    return operation(left(step, steps), right(step, steps))


def _then(left: ScalarFunction, right: ScalarFunction, length: float, step: float, steps: float) -> float:
    """The left one for its length, then the right one, whose time starts there and lasts for the rest of the run."""
    return left(step, length) if step < length else right(step - length, steps - length)


def _length(plan: CombinedPlan) -> float:
    if plan.length is None:
        raise ValueError(f"`then` without a length: {plan}")
    return plan.length


class Scalars:
    """All scalars of a stage. The step reads `at(step)` by position: schedules first, then weights that change."""

    def __init__(self, stage: StagePlan, library: Library) -> None:
        self.steps = stage.steps
        self._schedules = [scalar_function(plan, library) for plan in stage.schedules]
        self._weights = {term.name: scalar_function(term.weight, library) for term in stage.terms}
        self._varying = list(weight_slots(stage))
        self._dtype = dtype_of(stage.precision)
        self._last: tuple[list[float], Tensor] | None = None

    def at(self, step: int) -> list[float]:
        """What the step reads as `scalars[k]`. Raises `ScheduleNotFinite` where one is infinite or no number."""
        functions = [*self._schedules, *(self._weights[name] for name in self._varying)]
        values = [function(step, self.steps) for function in functions]
        for slot, found in enumerate(values):
            if not math.isfinite(found):
                raise ScheduleNotFinite(slot)
        return values

    def tensor_at(self, step: int, device: torch.device | str = "cpu") -> Tensor:
        """The same as a tensor, as precise as the stage."""
        return self.tensor_of(self.at(step), device)

    def tensor_of(self, values: list[float], device: torch.device | str) -> Tensor:
        """Values as a tensor: one copy that does not block, and none while nothing changes."""
        if self._last is None or self._last[0] != values:
            target = torch.device(device)
            tensor = torch.tensor(values, dtype=self._dtype, pin_memory=target.type == "cuda")
            self._last = values, tensor.to(target, non_blocking=True)
        return self._last[1]

    def weights(self, step: int) -> dict[str, float]:
        """The weight of every term."""
        return {name: function(step, self.steps) for name, function in self._weights.items()}

    def resolve(self, settings: Mapping[str, Any], step: int) -> dict[str, Any]:
        """Settings with every schedule replaced by its value."""
        return {name: self._setting(value, step) for name, value in settings.items()}

    def _setting(self, value: Any, step: int) -> Any:
        if isinstance(value, dict) and set(value) == {"schedule"}:
            return self._schedules[value["schedule"]](step, self.steps)
        return [self._setting(v, step) for v in value] if isinstance(value, list) else value

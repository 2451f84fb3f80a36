"""Checked values as the plain data of a plan: no symbol, no duration, no span is left."""

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from ssldsl.errors import InternalError
from ssldsl.graph.plan import CombinedPlan, ConstantPlan, CurvePlan, Place, ScalarPlan
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Scalar, Setting
from ssldsl.passes.clock import scalar_in_steps
from ssldsl.passes.context import Clock
from ssldsl.passes.fold import folded_scalar
from ssldsl.source import Span
from ssldsl.types import Dim

Settings = tuple[tuple[str, Setting], ...]


def place_of(span: Span | None) -> Place | None:
    """Where a span is, with the source line it starts in."""
    if span is None:
        return None
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    end = min(column + span.end - span.start, len(text) + 1)
    return Place(file=span.source.name, line=line, column=column, end=max(end, column), text=text)


def number_of(size: Dim, sizes: Mapping[str, int], what: str) -> int:
    """A size as a number; `what` is named if one of its symbols is not known."""
    try:
        return Dim.of(size).number(sizes)
    except KeyError:
        unknown = ", ".join(sorted(Dim.of(size).symbols - sizes.keys()))
        raise InternalError(f"{what} is {size}, and nothing says what {unknown} is") from None


@define
class PlainValues:
    """Turns the settings of one stage into plain data and collects the schedules among them."""

    sizes: Mapping[str, int]
    clock: Clock | None
    schedules: list[ScalarPlan] = field(factory=list)

    def settings(self, settings: Settings) -> dict[str, Any]:
        return {name: self.setting(value, name) for name, value in settings}

    def setting(self, value: Setting, name: str) -> Any:
        """Durations in steps, shares of data as fractions, sizes as numbers, schedules as their number in the stage."""
        match value:
            case Constant():
                return value.value
            case Curve() | Combined():
                return self._schedule(value)
            case Duration():
                return self._steps(value)
            case Dim():
                return number_of(value, self.sizes, f"`{name}`")
            case list() | tuple():
                return [self.setting(v, name) for v in value]
            case None | bool() | int() | float() | str():
                return value
        raise InternalError(f"setting `{name}` has no plain form: {value!r}")

    def scalar(self, scalar: Scalar) -> ScalarPlan:
        """A schedule with its durations in steps."""
        if isinstance(scalar, Constant):
            return ConstantPlan(value=scalar.value)
        if isinstance(scalar, Curve):
            return CurvePlan(op=scalar.op, settings={name: self._inside(v, name) for name, v in scalar.settings})
        length = None if scalar.length is None else self._steps(scalar.length)
        return CombinedPlan(op=scalar.op, left=self.scalar(scalar.left), right=self.scalar(scalar.right), length=length)

    def timed(self, scalar: Scalar) -> ScalarPlan:
        """A scalar that no pass has seen, such as a momentum: constants computed, durations in steps."""
        return self.scalar(folded_scalar(scalar if self.clock is None else scalar_in_steps(scalar, self.clock)))

    def _inside(self, value: Setting, name: str) -> Any:
        """A setting of a schedule; another schedule stands inside it as a plan of its own."""
        if isinstance(value, Curve | Combined):
            return self.scalar(value).model_dump()
        return self.setting(value, name)

    def _schedule(self, scalar: Scalar) -> Any:
        plan = self.timed(scalar)
        if isinstance(plan, ConstantPlan):
            return plan.value
        if plan not in self.schedules:
            self.schedules.append(plan)
        return {"schedule": self.schedules.index(plan)}

    def _steps(self, duration: Duration) -> float:
        if self.clock is not None:
            return float(self.clock.steps_of(duration))
        if duration.unit == "%":
            return duration.value / 100
        raise InternalError(f"{duration} where no clock runs")

"""What changes with time in a stage: learning rate, weights of terms, every other scheduled setting."""

from collections.abc import Iterator

from attrs import frozen

from ssldsl.graph.plan import ConstantPlan, Plan, ScalarPlan, StagePlan
from ssldsl.report.folder import Points
from ssldsl.runtime.ops.load import OpSource
from ssldsl.runtime.ops.scalars import scalar_function

SAMPLES = 240


@frozen
class NamedScalar:
    """A scalar of a stage under the name a reader knows it by."""

    name: str
    plan: ScalarPlan

    @property
    def constant(self) -> float | None:
        """Its value, if it never changes."""
        return self.plan.value if isinstance(self.plan, ConstantPlan) else None


def scalars_of(plan: Plan, stage: StagePlan) -> list[NamedScalar]:
    """The learning rate first, then the weights, then the rest. A schedule that several settings share comes once."""
    users: dict[int, list[str]] = {}
    for name, number in _uses(stage):
        users.setdefault(number, []).append(name)
    scheduled = [
        NamedScalar(", ".join(dict.fromkeys(users.get(number, [f"schedule {number}"]))), schedule)
        for number, schedule in enumerate(stage.schedules)
    ]
    weights = [NamedScalar(f"weight of {term.name}", term.weight) for term in stage.terms]
    averages = [NamedScalar(f"momentum of {m.path}", m.momentum) for m in plan.modules if m.momentum is not None]
    rates = {f"{name}lr": update.optimizer.settings.get("lr") for name, update in _updates(stage)}
    known = {name: float(rate) for name, rate in rates.items() if isinstance(rate, int | float)}
    fixed = [NamedScalar(name, ConstantPlan(value=rate)) for name, rate in known.items()]
    first = [s for s in scheduled if s.name.split(", ")[0] in rates]
    return [*fixed, *first, *weights, *(s for s in scheduled if s not in first), *averages]


def curve(scalar: NamedScalar, steps: int, library: OpSource) -> Points:
    """The scalar at some steps of a stage, the first and the last among them."""
    function = scalar_function(scalar.plan, library)
    last = max(0, steps - 1)
    sampled = sorted({round(last * i / SAMPLES) for i in range(SAMPLES + 1)})
    return tuple(sampled), tuple(function(step, steps) for step in sampled)


def _updates(stage: StagePlan) -> list[tuple[str, StagePlan]]:
    """The updates of a step, each with how the names of its settings begin."""
    names = [f"{update.name}." for update in stage.updates] or [""]
    return list(zip(names, stage.each_update, strict=True))


def _uses(stage: StagePlan) -> Iterator[tuple[str, int]]:
    """Every setting that follows a schedule, and the number of that schedule."""
    places = [(name, update.optimizer.settings) for name, update in _updates(stage)]
    places += [(f"{n}{path}.", settings) for n, u in _updates(stage) for path, settings in u.groups.items()]
    terms = {term.node: term.name for term in stage.terms}
    for node in stage.nodes:
        places.append((f"{terms.get(node.id) or node.alias or node.op}.", node.settings))
    for prefix, settings in places:
        for name, value in settings.items():
            if isinstance(value, dict) and set(value) == {"schedule"}:
                yield f"{prefix}{name}", value["schedule"]

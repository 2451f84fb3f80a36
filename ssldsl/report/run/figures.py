"""The charts of a stage: what was minimized and of what it was made, what was measured, what was scheduled."""

from collections.abc import Sequence

from attrs import frozen

from ssldsl.errors import InternalError, SpecError
from ssldsl.graph.plan import StagePlan, TermPlan
from ssldsl.graph.results import result_names
from ssldsl.report.folder import Points, RunFolder
from ssldsl.report.run.method import ProgramOps
from ssldsl.report.run.schedules import NamedScalar, curve, scalars_of
from ssldsl.report.svg.chart import HALF, HIGH, WIDE, Chart
from ssldsl.report.svg.series import MOST_POINTS, Series, color, short, thinned

FEW = 120  # points of a line in a small chart


def line(name: str, points: Points, color: str, most: int = MOST_POINTS, **style: bool) -> Series:
    """A series of points, thinned; where it was, with a band from the lowest to the highest."""
    (steps, values), low, high = thinned(points, most)
    return Series(name, steps, values, color, low, high, **style)


def small(title: str, series: Sequence[Series], stage: StagePlan, note: str = "", *, zero: bool = True) -> Chart:
    """A chart of which four stand side by side."""
    return Chart(title, tuple(series), stage.steps, note, zero=zero, epoch=stage.steps_per_epoch)


def loss_charts(run: RunFolder, stage: StagePlan) -> list[Chart]:
    """The total, with what every term adds to it."""
    total = run.points(stage.name, "total")
    if not total[0]:
        return []
    several = len(stage.terms) > 1
    terms = [line(t.name, contribution(run, stage, t), color(i)) for i, t in enumerate(stage.terms) if several]
    lines = (*terms, line("total" if several else stage.terms[0].name, total, "ink", strong=True))
    note = "the total, and what every term adds to it" if several else ""
    epoch = stage.steps_per_epoch
    return [Chart("Loss", lines, stage.steps, note, width=WIDE, height=HIGH, zero=True, named=True, epoch=epoch)]


def metric_charts(run: RunFolder, stage: StagePlan) -> tuple[list[Chart], list[Chart]]:
    """Metrics that are shares in one chart; small ones of the others."""
    lines = []
    for i, name in enumerate(result_names(stage)):
        points = run.points(stage.name, "eval", name)
        if len(points[0]) > 1:  # a single value stands at the head of the page
            lines.append(line(name, points, color(i), dotted=True))
    shares = tuple(s for s in lines if all(0 <= value <= 1 for value in s.values))
    epoch = stage.steps_per_epoch
    main = Chart("Evaluation", shares, stage.steps, width=HALF, height=HIGH, named=True, epoch=epoch)
    others = [small(s.name, [s], stage, zero=False) for s in lines if s not in shares]
    return ([main] if shares else []), others


def watch_charts(run: RunFolder, stage: StagePlan) -> list[Chart]:
    """What was watched, a chart each; the items of a term in one."""
    charts: dict[str, list[Series]] = {}
    for i, watch in enumerate(stage.watches):
        points = run.points(stage.name, "watch", watch.name)
        if points[0]:
            charts.setdefault(watch.of_term or watch.name, []).append(line(watch.name, points, color(i), FEW))
    return [small(name, lines, stage) for name, lines in charts.items()]


def contribution(run: RunFolder, stage: StagePlan, term: TermPlan) -> Points:
    """What a term added to the loss: its value times its weight, as recorded."""
    weights = dict(zip(*run.points(stage.name, "weight", term.name), strict=True))
    steps, values = run.points(stage.name, "loss", term.name)
    return steps, tuple(weights.get(step, 1.0) * value for step, value in zip(steps, values, strict=True))


def term_charts(run: RunFolder, stage: StagePlan) -> list[Chart]:
    """Every term by itself: its value, and its value times its weight. None where that is the total."""
    charts: list[Chart] = []
    if [NamedScalar(term.name, term.weight).constant for term in stage.terms] == [1.0]:
        return charts
    for i, term in enumerate(stage.terms):
        points = run.points(stage.name, "loss", term.name)
        if not points[0]:
            continue
        lines = [line(term.name, points, color(i), FEW)]
        note = ""
        constant = NamedScalar(term.name, term.weight).constant
        if constant != 1.0:
            note = "dashed: times its weight" if constant is None else f"dashed: times its weight {_rounded(constant)}"
            weighted = contribution(run, stage, term)
            lines.insert(0, line("times its weight", weighted, color(i), FEW, dashed=True))
        charts.append(small(term.name, lines, stage, note))
    return charts


def _rounded(value: float) -> str:
    """A setting in at most four digits: what is written is in the spec."""
    return short(float(f"{value:.4g}"))


@frozen
class Schedules:
    """What was scheduled: charts of what changes, `name value` of what does not, and why a chart is missing."""

    charts: tuple[Chart, ...]
    constants: tuple[tuple[str, str], ...]
    missing: tuple[str, ...] = ()


def schedules(run: RunFolder, stage: StagePlan, signatures: ProgramOps) -> Schedules:
    """The scalars of a stage as functions of the step; as they were recorded where they cannot be computed."""
    charts, constants, missing = [], [], []
    for scalar in scalars_of(run.plan, stage):
        if scalar.constant is not None:
            constants.append((scalar.name, _rounded(scalar.constant)))
            continue
        points, problem = _curve(run, stage, scalar, signatures)
        if problem:
            missing.append(f"{scalar.name}: {problem}")
        if points[0]:
            note = "as recorded" if problem else ""
            charts.append(small(scalar.name, [Series(scalar.name, *points)], stage, note))
    return Schedules(tuple(charts), tuple(constants), tuple(missing))


def _curve(run: RunFolder, stage: StagePlan, scalar: NamedScalar, signatures: ProgramOps) -> tuple[Points, str]:
    try:
        return curve(scalar, stage.steps, signatures), ""
    except (InternalError, SpecError, OSError) as error:
        problem = str(error)
    if scalar.name.startswith("weight of "):
        return run.points(stage.name, "weight", scalar.name.removeprefix("weight of ")), problem
    return run.points(stage.name, "lr") if scalar.name.split(", ")[0] == "lr" else ((), ()), problem


def speed_chart(run: RunFolder, stage: StagePlan) -> Chart | None:
    """Images per second."""
    points = run.points(stage.name, "images_per_second")
    if not points[0]:
        return None
    return small("images per second", [line("images per second", points, "ink", FEW)], stage)

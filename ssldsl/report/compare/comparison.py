"""Runs compared over their seeds: every final metric of every experiment, set against the first one."""

from statistics import fmean

from attrs import frozen

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.plan import Plan
from ssldsl.graph.results import result_names
from ssldsl.report.compare.groups import Group, gather
from ssldsl.report.folder import RunFolder
from ssldsl.report.statistics import Paired, paired, spread, welch

LEVEL = 0.05  # below it a difference is marked


@frozen
class Row:
    """One metric of one group. `values` by seed. What compares it with the first group is none for that one itself."""

    metric: str
    group: str
    values: dict[int, float]
    difference: float | None = None
    p: float | None = None
    paired: Paired | None = None

    @property
    def mean(self) -> float | None:
        return fmean(self.values.values()) if self.values else None

    @property
    def sd(self) -> float | None:
        return spread(list(self.values.values()))

    @property
    def is_significant(self) -> bool:
        """Whether Welch's t-test sets the group apart from the first one."""
        return self.p is not None and self.p < LEVEL


@frozen
class Comparison:
    """Some groups of runs; `rows` metric by metric, within one in the order of the groups."""

    groups: tuple[Group, ...]
    metrics: tuple[str, ...]
    rows: tuple[Row, ...]

    def of(self, metric: str) -> list[Row]:
        return [row for row in self.rows if row.metric == metric]

    @property
    def tests(self) -> int:
        """How many p-values there are."""
        return sum(row.p is not None for row in self.rows)


def compare(runs: list[RunFolder], metrics: list[str]) -> Comparison:
    """The groups among some runs and their rows."""
    groups = gather(runs)
    names = _chosen(groups, metrics)
    rows = [row for name in names for row in _rows(groups, name)]
    return Comparison(tuple(groups), tuple(names), tuple(rows))


def _rows(groups: list[Group], metric: str) -> list[Row]:
    base = _values(groups[0], metric)
    rows = [Row(metric, groups[0].label, base)]
    for group in groups[1:]:
        values = _values(group, metric)
        difference = fmean(values.values()) - fmean(base.values()) if values and base else None
        p = welch(list(base.values()), list(values.values()))
        rows.append(Row(metric, group.label, values, difference, p, paired(base, values)))
    return rows


def _values(group: Group, metric: str) -> dict[int, float]:
    found = {run.plan.seed: numbers(run).get(metric) for run in group.runs}
    return {seed: value for seed, value in found.items() if value is not None}


def places(plan: Plan) -> dict[str, tuple[str, str]]:
    """Stage and name of every metric: plain for the last stage that has it, `stage.metric` for those before."""
    last = {name: stage.name for stage in plan.stages for name in result_names(stage)}
    return {
        name if last[name] == stage.name else f"{stage.name}.{name}": (stage.name, name)
        for stage in plan.stages
        for name in result_names(stage)
    }


def numbers(run: RunFolder) -> dict[str, float]:
    """The final metrics of a run that are numbers."""
    found = {full: run.metrics(stage).get(name) for full, (stage, name) in places(run.plan).items()}
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}


def _chosen(groups: list[Group], wanted: list[str]) -> list[str]:
    """The metrics to show: those asked for, `top1` standing for the `top1` of every stage."""
    runs = [run for group in groups for run in (*group.runs, *(run for run, _ in group.left_out))]
    known = list(dict.fromkeys(name for run in runs for name in numbers(run)))
    if not wanted:
        return known
    chosen = []
    for name in wanted:
        found = [full for full in known if full == name or full.endswith(f".{name}")]
        if not found:
            help_ = did_you_mean(name, known) or f"metrics are: {', '.join(known) or 'none'}"
            raise SpecError(Diagnostic("R307", f"no run has a metric `{name}`", help=help_))
        chosen += found
    return list(dict.fromkeys(chosen))

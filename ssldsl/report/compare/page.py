"""A comparison as a page: for every metric its seeds and its table, then the curves, mean and band over seeds."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen
from markupsafe import Markup

from ssldsl.report.compare.comparison import Comparison, Row, numbers, places
from ssldsl.report.compare.groups import Group
from ssldsl.report.compare.strip import axis, scale, strip
from ssldsl.report.compare.tables import cells, notes, number
from ssldsl.report.folder import Points, RunFolder
from ssldsl.report.rendering import Figures, embedded, page
from ssldsl.report.run.pictures import stage_pictures
from ssldsl.report.svg.chart import HALF, Chart
from ssldsl.report.svg.series import Series, color, over_runs, thinned
from ssldsl.runtime.folder.run_folder import REPORT

FEW = 160  # points of a line


@frozen
class MetricView:
    """A metric: its rows with color, cells and dots, and the scale of the dots."""

    name: str
    rows: tuple[tuple[str, tuple[str, ...], Markup], ...]
    axis: Markup


@frozen
class RunView:
    """A run in the list of all. `report`: where its page is, seen from this one; empty if it has none."""

    color: str
    folder: str
    report: str
    seed: int
    state: str
    values: tuple[str, ...]


def comparison_page(comparison: Comparison, out: Path) -> str:
    """The page, to be written to `out`: links to the runs start there."""
    figures = Figures()
    metrics = [figures.add(chart) for chart in _metric_charts(comparison)]
    losses = [figures.add(chart) for chart in _loss_charts(comparison)]
    return page(
        "comparison.html.j2",
        groups=[(color(i), group) for i, group in enumerate(comparison.groups)],
        metrics=[_metric(comparison, name) for name in comparison.metrics],
        names=comparison.metrics,
        notes=list(notes(comparison)),
        curves=metrics,
        losses=losses,
        pictures=_pictures(comparison),
        runs=list(_runs(comparison, out)),
        readouts=embedded(figures.readouts),
    )


def _metric(comparison: Comparison, name: str) -> MetricView:
    rows = comparison.of(name)
    marks = scale(rows)

    def view(i: int, row: Row) -> tuple[str, tuple[str, ...], Markup]:
        return color(i), cells(row), strip(row, marks, color(i)) if marks else Markup("")

    return MetricView(name, tuple(view(i, row) for i, row in enumerate(rows)), axis(marks) if marks else Markup(""))


# --- curves ---------------------------------------------------------------------------------------------------------


def _metric_charts(comparison: Comparison) -> Iterator[Chart]:
    for name in comparison.metrics:

        def points(run: RunFolder, name: str = name) -> Points:
            stage, metric = places(run.plan).get(name, ("", ""))
            return run.points(stage, "eval", metric)

        chart = _chart(name, comparison, points, zero=False)
        if chart is not None and any(len(s.steps) > 1 for s in chart.series):  # the table has single values
            yield chart


def _loss_charts(comparison: Comparison) -> Iterator[Chart]:
    """The total of every stage, the terms it is made of, unweighted, and what it watches."""
    plans = [group.first.plan for group in comparison.groups]
    stages = list(dict.fromkeys(stage.name for plan in plans for stage in plan.stages))
    for stage in stages:
        prefix = f"{stage}: " if len(stages) > 1 else ""
        alike = [s for plan in plans for s in plan.stages if s.name == stage]
        terms = dict.fromkeys(term.name for s in alike for term in s.terms)
        watches = dict.fromkeys(watch.name for s in alike for watch in s.watches)
        keys = [("total", ""), *(("loss", t) for t in terms if len(terms) > 1), *(("watch", w) for w in watches)]
        for key, term in keys:

            def points(run: RunFolder, stage: str = stage, key: str = key, term: str = term) -> Points:
                return run.points(stage, key, term)

            chart = _chart(f"{prefix}{term or 'total loss'}", comparison, points, zero=True)
            if chart is not None:
                yield chart


def _chart(title: str, comparison: Comparison, points: Callable[[RunFolder], Points], *, zero: bool) -> Chart | None:
    """A line for every group that has points."""
    series = [_series(group, points, color(i)) for i, group in enumerate(comparison.groups)]
    drawn = tuple(s for s in series if s.steps)
    steps = int(max((s.steps[-1] for s in drawn), default=0))
    return Chart(title, drawn, steps, width=HALF - 90, height=250, zero=zero) if drawn else None


def _series(group: Group, points: Callable[[RunFolder], Points], color: str) -> Series:
    (steps, means), sds = over_runs([points(run) for run in group.runs])
    if len(group.runs) < 2:
        ((steps, means), _, _) = thinned((steps, means), FEW)
        return Series(group.label, steps, means, color)
    low = thinned((steps, tuple(m - d for m, d in zip(means, sds, strict=True))), FEW)[0][1]
    high = thinned((steps, tuple(m + d for m, d in zip(means, sds, strict=True))), FEW)[0][1]
    ((steps, means), _, _) = thinned((steps, means), FEW)
    return Series(group.label, steps, means, color, low, high)


# --- pictures -------------------------------------------------------------------------------------------------------


@frozen
class PictureView:
    """One picture as the first run of a group has it."""

    color: str
    label: str
    seed: int
    drawing: Markup


def _pictures(comparison: Comparison) -> dict[str, list[PictureView]]:
    """The pictures of the first run of every group, by their names, beside each other."""
    found: dict[str, list[PictureView]] = {}
    for i, group in enumerate(comparison.groups):
        for stage in group.first.plan.stages:
            for picture in stage_pictures(group.first.path, stage):
                view = PictureView(color(i), group.label, group.first.plan.seed, picture.drawing)
                found.setdefault(picture.name, []).append(view)
    return found


# --- runs -----------------------------------------------------------------------------------------------------------


def _runs(comparison: Comparison, out: Path) -> Iterator[RunView]:
    for i, group in enumerate(comparison.groups):
        for run, why in (*((run, "counted") for run in group.runs), *group.left_out):
            measured = numbers(run)
            report = run.path / REPORT
            yield RunView(
                color=color(i),
                folder=run.path.name,
                report=Path(os.path.relpath(report.resolve(), out.resolve().parent)).as_posix()
                if report.is_file()
                else "",
                seed=run.plan.seed,
                state=why,
                values=tuple(number(measured.get(name)) for name in comparison.metrics),
            )

"""What changes from round to round, and from pass to pass over the data that a stage computes again and again."""

from collections.abc import Iterator

from ssldsl.graph.plan import StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.ir import captions
from ssldsl.report.folder import Points, RunFolder
from ssldsl.report.run.figures import line, small
from ssldsl.report.svg.chart import HALF, HIGH, Chart
from ssldsl.report.svg.series import color


def round_chart(run: RunFolder, stage: StagePlan) -> list[Chart]:
    """The last metrics of every round, under the newest that has any."""
    name = stage.name.partition(".")[0]
    rounds = [s.name for s in in_order(run.plan) if s.name.startswith(f"{name}.")]
    measured = [r for r in rounds if run.metrics(r)]
    if len(measured) < 2 or stage.name != measured[-1]:
        return []
    lines = []
    for i, metric in enumerate(run.metrics(stage.name)):
        found = [(rounds.index(r), run.metrics(r).get(metric)) for r in measured]
        kept = [(x, float(y)) for x, y in found if isinstance(y, int | float)]
        if len(kept) > 1 and all(0 <= y <= 1 for _, y in kept):
            steps, values = zip(*kept, strict=True)
            lines.append(line(metric, (steps, values), color(i), dotted=True))
    last = len(rounds) - 1
    note = f"at the end of each round, {rounds[0]} to {rounds[-1]}"
    chart = Chart("Over the rounds", tuple(lines), last, note, width=HALF, height=HIGH, named=True, counts="round")
    return [chart] if lines else []


def computed_charts(run: RunFolder, stage: StagePlan) -> Iterator[Chart]:
    """The fields of samples that were computed again and again, in numbers."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for said in (said for kind in ("computed", "labels") for said in run.lines_of(stage.name, kind)):
        for stream, numbers in (said.get("computed") or said["labels"]).items():
            for field, values in numbers.get("fields", {}).items():
                lines = found.setdefault(f"{captions.local(stage.name, stream)}.{field}", {})
                for key, value in values.items():
                    lines.setdefault(key, []).append((int(said["step"]), float(value)))
    for title, lines in found.items():
        drawn = [line(key, _points(points), color(i), dotted=True) for i, (key, points) in enumerate(lines.items())]
        if len(drawn[0].steps) > 1:
            yield small(title, drawn, stage, "each time it was computed")


def _points(pairs: list[tuple[int, float]]) -> Points:
    steps, values = zip(*pairs, strict=True)
    return steps, values

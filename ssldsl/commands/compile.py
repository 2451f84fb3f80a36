"""`ssldsl compile`: what an experiment compiles to."""

import sys
from typing import Any

import click

from ssldsl.check import Checked
from ssldsl.commands.options import checked, edited
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.request import Edits


@click.command()
@click.argument("spec")
@click.option("--emit", type=click.Choice(["python", "plan", "ir"]), default="python", help="What to print.")
@click.option("-O", "level", type=click.IntRange(0, 1), default=1, help="0: without optimizing passes.")
@click.option(
    "--dump-ir", "dumps", multiple=True, metavar="PASS", help="Print the graph after this pass (or `all`) to stderr."
)
@click.option("--time-passes", is_flag=True, help="Print the time of every pass to stderr.")
@click.option("--stage", default=None, help="Only this stage.")
@edited
def compile(spec: str, edits: Edits, **options: Any) -> None:
    """Print what SPEC compiles to: the step as Python, the plan, or the graph."""
    click.echo(emit(checked(spec, edits), **options), nl=False)


def emit(
    checked: Checked, *, emit: str, level: int, dumps: tuple[str, ...], time_passes: bool, stage: str | None
) -> str:
    """The step as Python, the plan as JSON, or the graph as text. Reads no data: unknown sizes are assumed."""
    from ssldsl.passes.planning import make_plan
    from ssldsl.runtime.data.measure import assumed

    program = checked.unwrap()
    names = [s.name for s in program.stages]
    if stage is not None and stage not in names:
        raise SpecError(Diagnostic("N210", f"there is no stage `{stage}`", help=f"stages are: {', '.join(names)}"))
    measured = assumed(program)
    timings: dict[str, float] = {}
    graphs: list[tuple[str, str]] = []

    def keep(name: str, graph: Any) -> None:
        from ssldsl.graph.dump import dump

        graphs.append((name, dump(graph)))

    needs_graphs = bool(dumps) or emit == "ir"
    plan = make_plan(
        program,
        sizes=measured.sizes,
        resident=measured.resident,
        level=level,
        dump=keep if needs_graphs else None,
        timings=timings if time_passes else None,
    )
    _show_passes(graphs, dumps, timings, time_passes)
    chosen = [s for s in plan.stages if stage in (None, s.name)]
    if emit == "plan":
        return plan.model_dump_json(indent=1) + "\n"
    if emit == "ir":
        return "\n".join(text for text in _last_of_stages(graphs, len(names)))
    from ssldsl.runtime.step.lower import lower

    return "\n\n".join(lower(plan, s, checked.library).source for s in chosen)


def _last_of_stages(graphs: list[tuple[str, str]], stages: int) -> list[str]:
    """The graph of every stage after its last pass."""
    each = len(graphs) // stages
    return [graphs[(i + 1) * each - 1][1] for i in range(stages)]


def _show_passes(graphs: list[tuple[str, str]], dumps: tuple[str, ...], timings: dict[str, float], timed: bool) -> None:
    known = list(dict.fromkeys(name for name, _ in graphs))
    for wanted in dumps:
        if wanted != "all" and wanted not in known:
            raise SpecError(Diagnostic("R304", f"there is no pass `{wanted}`", help=f"passes are: {', '.join(known)}"))
    for name, text in graphs:
        if name in dumps or "all" in dumps:
            sys.stderr.write(f"# after {name}\n{text}\n")
    if timed:
        for name, seconds in timings.items():
            sys.stderr.write(f"{1000 * seconds:9.2f} ms  {name}\n")

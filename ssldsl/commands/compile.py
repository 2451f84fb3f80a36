"""`ssldsl compile`: what an experiment compiles to."""

import sys
from typing import TYPE_CHECKING, Any

import click
from attrs import Factory, define

from ssldsl.check import Checked
from ssldsl.commands.options import checked, edited
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.request import Edits

if TYPE_CHECKING:
    from ssldsl.graph.graph import Graph


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
    """Print what SPEC compiles to: what steps and metrics run as Python, the plan, or the graph."""
    click.echo(emit(checked(spec, edits), **options), nl=False)


def emit(
    checked: Checked, *, emit: str, level: int, dumps: tuple[str, ...], time_passes: bool, stage: str | None
) -> str:
    """What runs as Python, the plan as JSON, or the graph as text. Reads no data: unknown sizes are assumed."""
    from ssldsl.passes.planning import make_plan
    from ssldsl.runtime.data.measure import assumed
    from ssldsl.runtime.evaluate.printed import stage_code

    program = checked.unwrap()
    names = [s.name for s in program.stages]
    if stage is not None and stage not in names:
        raise SpecError(Diagnostic("N210", f"there is no stage `{stage}`", help=f"stages are: {', '.join(names)}"))
    measured, watched = assumed(program), Watched()
    plan = make_plan(
        program,
        sizes=measured.sizes,
        resident=measured.resident,
        level=level,
        dump=watched.keep if dumps or emit == "ir" else None,
        timings=watched.seconds if time_passes else None,
    )
    watched.show(dumps)
    if emit == "plan":
        return plan.model_dump_json(indent=1) + "\n"
    if emit == "ir":
        return "\n".join(watched.last_of_stages(len(names)))
    chosen = [s for s in plan.stages if stage in (None, s.name)]
    return "\n\n".join(text for s in chosen for text in stage_code(plan, s, checked.library, measured.resident))


@define
class Watched:
    """What the passes did: the graph after each of them as text, stage by stage, and the seconds that each took."""

    graphs: list[tuple[str, str]] = Factory(list)
    seconds: dict[str, float] = Factory(dict)

    def keep(self, name: str, graph: "Graph") -> None:
        """Keep the graph that a pass gave."""
        from ssldsl.graph.dump import dump

        self.graphs.append((name, dump(graph)))

    def last_of_stages(self, stages: int) -> list[str]:
        """The graph of every stage after its last pass."""
        each = len(self.graphs) // stages
        return [self.graphs[(i + 1) * each - 1][1] for i in range(stages)]

    def show(self, wanted: tuple[str, ...]) -> None:
        """Print the graphs after some passes, or `all`, and the times, to stderr."""
        known = list(dict.fromkeys(name for name, _ in self.graphs))
        for name in wanted:
            if name != "all" and name not in known:
                help = f"passes are: {', '.join(known)}"
                raise SpecError(Diagnostic("R304", f"there is no pass `{name}`", help=help))
        for name, text in self.graphs:
            if name in wanted or "all" in wanted:
                sys.stderr.write(f"# after {name}\n{text}\n")
        for name, seconds in self.seconds.items():
            sys.stderr.write(f"{1000 * seconds:9.2f} ms  {name}\n")

"""What a search is of: the sweeps of a spec as a space, and the number that says which point is good."""

from collections.abc import Sequence

from attrs import evolve

from ssldsl.check.edits.edits import describe
from ssldsl.check.everything import sweep_edits
from ssldsl.check.state.ranges import Range, read_range
from ssldsl.commands.requests import read_seeds
from ssldsl.commands.series import checked_requests
from ssldsl.commands.study import Goal, Space
from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.ir.program import Stage
from ssldsl.runtime.folder.request import Request
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse
from ssldsl.syntax.printer import print_expr


def shared_requests(base: Request, seeds: str | None) -> list[Request]:
    """The requests that all points share, one for each seed. Raises R304 where a command asks for several variants."""
    variants = [name for text in base.edits.variants for name in text.split(",")]
    if len(variants) > len(base.edits.variants):
        message = f"a search is of one experiment, and {', '.join(f'`{name}`' for name in variants)} are several"
        help = f"search each by a command of its own, and so for a point of its own: `--variant {variants[0]}`"
        raise SpecError(Diagnostic("R304", message, help=help))
    edits = evolve(base.edits, variants=tuple(name for name in variants if name != "none"))
    return [evolve(base, edits=edits, seed=seed) for seed in read_seeds(seeds)]


def sweeps_of(base: Request) -> list[tree.Sweep]:
    """The sweeps of a spec."""
    return [s for s in parse(Source(base.spec, base.text)).file.statements if isinstance(s, tree.Sweep)]


def checked_space(
    base: Request, sweeps: Sequence[tree.Sweep], goal: tuple[str | None, str | None]
) -> tuple[Space, Goal]:
    """What is searched and for which number, the spec checked at the ends of its ranges and with each of its values."""
    points = [describe(edit, print_expr).removeprefix("set ") for sweep in sweeps for edit in sweep_edits(sweep)]
    wanted = [base, *(evolve(base, edits=evolve(base.edits, sets=(*base.edits.sets, point))) for point in points)]
    program = checked_requests(wanted)[0].unwrap()
    if not sweeps:
        help = "say where, for example `sweep optimizer.lr in log(1e-4, 1e-1)`"
        raise SpecError(Diagnostic("R304", "this spec has no sweep to search", help=help))
    space: dict[str, Range | tuple[str, ...]] = {}
    for sweep in sweeps:
        path = ".".join(name.id for name in sweep.path)
        values = sweep.values
        space[path] = read_range(values) if isinstance(values, tree.Call) else tuple(map(print_expr, values.items))
    return space, _goal(program.stages[-1], *goal)


def _goal(stage: Stage, maximize: str | None, minimize: str | None) -> Goal:
    """The number that the command names, or that by which the last stage keeps a checkpoint."""
    names = dict(stage.measured())
    known = f"stage `{stage.name}` measures {', '.join(f'`{name}`' for name in names) or 'nothing'}"
    if maximize is not None and minimize is not None:
        raise SpecError(Diagnostic("R304", "a search has one goal: `--maximize` or `--minimize`"))
    name = maximize or minimize
    if name is None and stage.keep is not None and stage.keep.name in names:
        return Goal(stage.name, stage.keep.name, stage.keep.is_lowest)
    if name is None:
        help = f"say `--maximize NAME` or `--minimize NAME`; {known}"
        raise SpecError(Diagnostic("R304", "a search needs a number that says which point is good", help=help))
    if name not in names:
        message = f"the last stage has no evaluation `{name}` that gives a number"
        raise SpecError(Diagnostic("R304", message, help=did_you_mean(name, names) or known))
    return Goal(stage.name, name, minimize is not None)

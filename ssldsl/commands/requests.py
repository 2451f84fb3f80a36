"""The runs that one command asks for: each of some variants, with each point of the sweeps, from each of some seeds."""

import itertools
import math
from collections.abc import Iterator, Sequence

from attrs import evolve

from ssldsl.check.edits.edits import describe
from ssldsl.check.everything import sweep_edits
from ssldsl.commands.options import say
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.request import Edits, Request
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse
from ssldsl.syntax.printer import print_expr

MOST_RUNS = 10_000


def requests(base: Request, *, seeds: str | None, sweep: bool) -> list[Request]:
    """The runs of a command, seeds fastest. `base`: the request as the command has it, variants in lists."""
    edits = base.edits
    variants, points = _variants(edits.variants), list(_points(Source(base.spec, base.text), sweep))
    numbers = read_seeds(seeds)
    _check_number(len(variants) * len(points) * len(numbers))
    return [
        evolve(base, edits=Edits(chosen, (*edits.sets, *point), edits.drops), seed=seed)
        for chosen, point, seed in itertools.product(variants, points, numbers)
    ]


def _check_number(runs: int) -> None:
    """Refuse more runs than anybody waits for: a slip of the finger in `--seed` would fill the memory."""
    if runs > MOST_RUNS:
        raise SpecError(Diagnostic("R304", f"this asks for {runs:,} runs, and one command makes at most {MOST_RUNS:,}"))


def _variants(texts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """`a,b,none`: a run with each of two variants, and one with none; several texts go together."""
    choices = itertools.product(*(text.split(",") for text in texts))
    return [tuple(name for name in choice if name != "none") for choice in choices]


def read_seeds(text: str | None) -> list[int | None]:
    """`3`, `0..4`, `1,5,7`: the seeds of several runs; without a text the spec's own."""
    if text is None:
        return [None]
    try:
        first, dots, last = text.partition("..")
        low, high = (int(first), int(last)) if dots else (0, -1)
        _check_number(high - low + 1)
        seeds = list(range(low, high + 1)) if dots else [int(part) for part in text.split(",")]
    except ValueError:
        seeds = []
    if not seeds or min(seeds) < 0:
        message = f"`--seed {text}` is not a seed: write a number, a range such as 0..4, or a list such as 1,5,7"
        raise SpecError(Diagnostic("R304", message))
    return list(seeds)


def _points(source: Source, wanted: bool) -> Iterator[tuple[str, ...]]:
    """Every combination of the sweeps of a spec, as edits; without `--sweep` the spec as it stands."""
    sweeps = [s for s in parse(source).file.statements if isinstance(s, tree.Sweep)]
    if not wanted or not sweeps:
        if wanted:
            say("this spec has no sweep")
        elif sweeps:
            say(f"this spec has {_told(sweeps)}")
        yield ()
        return
    if _is_searched(sweeps):
        message = "this spec has a sweep over a range of numbers, which has no end of points"
        raise SpecError(Diagnostic("R304", message, help="search it: `ssldsl sweep SPEC --trials 50`"))
    _check_number(math.prod(len(sweep_edits(s)) for s in sweeps))
    for combination in itertools.product(*(sweep_edits(s) for s in sweeps)):
        yield tuple(describe(edit, print_expr).removeprefix("set ") for edit in combination)


def _is_searched(sweeps: Sequence[tree.Sweep]) -> bool:
    return any(isinstance(s.values, tree.Call) for s in sweeps)


def _told(sweeps: Sequence[tree.Sweep]) -> str:
    if _is_searched(sweeps):
        return "a sweep over a range; `ssldsl sweep SPEC --trials 50` searches it"
    return f"a sweep of {math.prod(len(sweep_edits(s)) for s in sweeps)} points; `--sweep` runs them all"


def label(request: Request) -> str:
    """What tells a run from the others of its command."""
    edits = request.edits
    without = (f"without {term}" for term in edits.drops)
    seed = f"seed {request.seed}" if request.seed is not None else ""
    return ", ".join(filter(None, (*edits.variants, *edits.sets, *without, seed))) or request.spec

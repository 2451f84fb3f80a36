"""The runs that one command asks for: each of some variants, with each point of the sweeps, from each of some seeds."""

import itertools
from collections.abc import Iterator

from attrs import evolve

from ssldsl.check.checking import sweep_edits
from ssldsl.check.edits.edits import describe
from ssldsl.commands.options import say
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.request import Edits, Request
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse
from ssldsl.syntax.printer import print_expr


def requests(base: Request, *, seeds: str | None, sweep: bool) -> list[Request]:
    """The runs of a command, seeds fastest. `base`: the request as the command has it, variants in lists."""
    edits = base.edits
    return [
        evolve(base, edits=Edits(variants, (*edits.sets, *point), edits.drops), seed=seed)
        for variants in _variants(edits.variants)
        for point in _points(Source(base.spec, base.text), sweep)
        for seed in read_seeds(seeds)
    ]


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
        seeds = list(range(int(first), int(last) + 1)) if dots else [int(part) for part in text.split(",")]
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
            total = len(list(itertools.product(*(s.values.items for s in sweeps))))
            say(f"this spec has a sweep of {total} points; `--sweep` runs them all")
        yield ()
        return
    for combination in itertools.product(*(sweep_edits(s) for s in sweeps)):
        yield tuple(describe(edit, print_expr).removeprefix("set ") for edit in combination)


def label(request: Request) -> str:
    """What tells a run from the others of its command."""
    edits = request.edits
    without = (f"without {term}" for term in edits.drops)
    seed = f"seed {request.seed}" if request.seed is not None else ""
    return ", ".join(filter(None, (*edits.variants, *edits.sets, *without, seed))) or request.spec

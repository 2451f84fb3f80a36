"""`ssldsl sweep`: the points of a spec's sweeps, its variants and seeds, side by side."""

from pathlib import Path

import click

from ssldsl import pipeline
from ssldsl.commands.execution import Execution, carried_out
from ssldsl.commands.launchers import make_launcher
from ssldsl.commands.options import MOST_PROCESSES, edited
from ssldsl.commands.requests import requests
from ssldsl.commands.search import search
from ssldsl.commands.search_space import checked_space, shared_requests, sweeps_of
from ssldsl.commands.series import checked_requests
from ssldsl.commands.side_by_side import LOGS, SideBySide
from ssldsl.commands.study import Pruner, Sampler
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.request import Edits, Request


@click.command()
@click.argument("spec")
@edited
@click.option("--seed", "seeds", default=None, metavar="N | A..B | A,B,C", help="Seed, or several: 0..4.")
@click.option("--jobs", type=click.IntRange(1, MOST_PROCESSES), default=2, help="Runs at a time.", show_default=True)
@click.option("--launcher", type=click.Choice(["local", "submitit", "ray"]), default="local", show_default=True)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="Of submitit: slurm_partition=gpu, timeout_min=60; of ray: address=auto, num_gpus=1.",
)
@click.option("--trials", type=click.IntRange(min=1), default=None, help="Search the sweeps with so many runs.")
@click.option("--maximize", default=None, metavar="NAME", help="What a search is for: an evaluation of the last stage.")
@click.option("--minimize", default=None, metavar="NAME", help="The same, the lower the better.  [default: `keep`]")
@click.option("--sampler", type=click.Choice(["tpe", "random"]), default="tpe", help="Of a search.", show_default=True)
@click.option(
    "--pruner",
    type=click.Choice(["median", "hyperband", "none"]),
    default="median",
    help="Which runs of a search end early.",
    show_default=True,
)
@click.option("--smoke", is_flag=True, help="A few tiny steps of every run on generated data.")
@click.option("-o", "--out", default="runs", metavar="FOLDER", help="Where run folders are made.", show_default=True)
@carried_out
def sweep(
    spec: str,
    edits: Edits,
    seeds: str | None,
    jobs: int,
    launcher: str,
    options: tuple[str, ...],
    trials: int | None,
    maximize: str | None,
    minimize: str | None,
    sampler: Sampler,
    pruner: Pruner,
    smoke: bool,
    out: str,
    execution: Execution,
) -> int:
    """Run every point of the sweeps of SPEC, with every variant and seed, each as a process of its own.

    With --trials, search them instead: ranges such as `log(1e-4, 1e-1)` as well as lists, for the best point. With
    several seeds, each point is run from all of them, and its number is their mean.

    The same command goes on with what it has begun; what is finished stays. A run that fails stops nothing, and is
    listed at the end. Messages of the runs go to `logs` beside their folders.
    """
    if spec == "-":
        raise SpecError(Diagnostic("R304", "the runs of a sweep read their spec themselves: give it as a file"))
    source = pipeline.read(spec)
    base, parent = Request(source.name, source.text, edits, None, smoke), Path(out)
    runs = SideBySide(parent, execution, make_launcher(launcher, jobs, parent / LOGS, dict(_pairs(options))), jobs)
    if trials is None:
        wanted = requests(base, seeds=seeds, sweep=True)
        checked_requests(wanted)
        return runs.run_all(wanted)
    bases = shared_requests(base, seeds)
    space, goal = checked_space(bases[0], sweeps_of(base), (maximize, minimize))
    return search(runs, bases, space, goal, trials, sampler, pruner)


def _pairs(options: tuple[str, ...]) -> list[tuple[str, str]]:
    wrong = [text for text in options if "=" not in text]
    if wrong:
        raise SpecError(Diagnostic("R304", f"`--option {wrong[0]}` has no value", help="write NAME=VALUE"))
    return [(name, value) for name, _, value in (text.partition("=") for text in options)]

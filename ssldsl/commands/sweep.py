"""`ssldsl sweep`: the points of a spec's sweeps, its variants and seeds, side by side."""

from pathlib import Path

import click

from ssldsl import pipeline
from ssldsl.commands.execution import Execution, carried_out
from ssldsl.commands.launchers import make_launcher
from ssldsl.commands.options import MOST_PROCESSES, edited
from ssldsl.commands.requests import requests
from ssldsl.commands.series import checked_requests
from ssldsl.commands.side_by_side import LOGS, SideBySide
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.request import Edits, Request


@click.command()
@click.argument("spec")
@edited
@click.option("--seed", "seeds", default=None, metavar="N | A..B | A,B,C", help="Seed, or several: 0..4.")
@click.option("--jobs", type=click.IntRange(1, MOST_PROCESSES), default=2, help="Runs at a time.", show_default=True)
@click.option("--launcher", type=click.Choice(["local", "submitit"]), default="local", show_default=True)
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE", help="Of submitit: slurm_partition=gpu, timeout_min=60."
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
    smoke: bool,
    out: str,
    execution: Execution,
) -> int:
    """Run every point of the sweeps of SPEC, with every variant and seed, each as a process of its own.

    The same command goes on with what it has begun; what is finished stays. A run that fails stops nothing, and is
    listed at the end. Messages of the runs go to `logs` beside their folders.
    """
    if spec == "-":
        raise SpecError(Diagnostic("R304", "the runs of a sweep read their spec themselves: give it as a file"))
    source = pipeline.read(spec)
    wanted = requests(Request(source.name, source.text, edits, None, smoke), seeds=seeds, sweep=True)
    checked_requests(wanted)
    parent = Path(out)
    started = make_launcher(launcher, jobs, parent / LOGS, dict(_pairs(options)))
    return SideBySide(parent, execution, started, jobs).run_all(wanted)


def _pairs(options: tuple[str, ...]) -> list[tuple[str, str]]:
    wrong = [text for text in options if "=" not in text]
    if wrong:
        raise SpecError(Diagnostic("R304", f"`--option {wrong[0]}` has no value", help="write NAME=VALUE"))
    return [(name, value) for name, _, value in (text.partition("=") for text in options)]

"""`ssldsl run`: an experiment trained, or several, one after another."""

from pathlib import Path

import click

from ssldsl import pipeline
from ssldsl.commands.execution import Execution, carried_out
from ssldsl.commands.options import edited
from ssldsl.commands.requests import requests
from ssldsl.commands.series import run_all
from ssldsl.runtime.folder.request import Edits, Request


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@edited
@click.option("--seed", "seeds", default=None, metavar="N | A..B | A,B,C", help="Seed, or several runs: 0..4.")
@click.option("--sweep", is_flag=True, help="Run every point of the sweeps in the file.")
@click.option("--smoke", is_flag=True, help="A few tiny steps of every stage on generated data of the right shapes.")
@click.option("-o", "--out", default="runs", metavar="FOLDER", help="Where run folders are made.", show_default=True)
@click.option(
    "--precision",
    type=click.Choice(["fp32", "fp64", "bf16", "fp16"]),
    default=None,
    help="Instead of what the spec says.",
)
@click.option(
    "--compile/--no-compile", "compiled", default=None, help="torch.compile the step, instead of what the spec says."
)
@carried_out
@click.option("-O", "level", type=click.IntRange(0, 1), default=1, help="0: without optimizing passes.")
def run(
    specs: tuple[str, ...],
    edits: Edits,
    seeds: str | None,
    sweep: bool,
    smoke: bool,
    out: str,
    precision: str | None,
    compiled: bool | None,
    level: int,
    execution: Execution,
) -> int:
    """Train the experiment of SPEC, or of several, one after another.

    On many processes: `accelerate launch -m ssldsl run SPEC`.
    """
    wanted: list[Request] = []
    for source in map(pipeline.read, specs):
        base = Request(source.name, source.text, edits, None, smoke, precision, compiled, level)
        wanted += requests(base, seeds=seeds, sweep=sweep)
    return run_all(wanted, Path(out), execution)

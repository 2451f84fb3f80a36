"""`ssldsl run`: an experiment trained, or several, one after another."""

from functools import partial
from pathlib import Path

import click

from ssldsl import pipeline
from ssldsl.commands.execution import Execution, carried_out, execute
from ssldsl.commands.options import edited, say, show
from ssldsl.commands.requests import label, requests
from ssldsl.runtime.folder.request import Edits, Request


@click.command()
@click.argument("spec")
@edited
@click.option("--seed", "seeds", default=None, metavar="N | A..B | A,B,C", help="Seed, or several runs: 0..4.")
@click.option("--sweep", is_flag=True, help="Run every point of the sweeps in the file.")
@click.option("--smoke", is_flag=True, help="A few tiny steps of every stage on generated data of the right shapes.")
@click.option("-o", "--out", default="runs", metavar="FOLDER", help="Where run folders are made.", show_default=True)
@click.option(
    "--precision", type=click.Choice(["fp32", "bf16", "fp16"]), default=None, help="Instead of what the spec says."
)
@click.option(
    "--compile/--no-compile", "compiled", default=None, help="torch.compile the step, instead of what the spec says."
)
@carried_out
@click.option("-O", "level", type=click.IntRange(0, 1), default=1, help="0: without optimizing passes.")
def run(
    spec: str,
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
    """Train the experiment of SPEC. Under `accelerate launch -m ssldsl run SPEC` on many processes."""
    source = pipeline.read(spec)
    base = Request(source.name, source.text, edits, None, smoke, precision, compiled, level)
    return run_all(requests(base, seeds=seeds, sweep=sweep), Path(out), execution)


def run_all(wanted: list[Request], parent: Path, execution: Execution) -> int:
    """Run some requests one after another. Every one of them is checked before the first begins."""
    checked = [request.checked() for request in wanted]
    for result in checked:
        result.unwrap()
    show(checked[0].diagnostics)
    code = 0
    for number, (request, result) in enumerate(zip(wanted, checked, strict=True), start=1):
        if len(wanted) > 1:
            say(f"run {number} of {len(wanted)}: {label(request)}")
        experiment = pipeline.prepare(request, result)
        folder = _shared_folder(parent, experiment.name)
        code = execute(partial(pipeline.run, experiment, folder), folder, execution)
        if code:
            break
    return code


def _shared_folder(parent: Path, name: str) -> Path:
    """A new run folder, the same for all processes."""
    from accelerate.utils import broadcast_object_list

    from ssldsl.runtime.device.accelerator import join_processes
    from ssldsl.runtime.folder.records import claim_folder

    folder = [claim_folder(parent, name) if join_processes().is_main_process else None]
    broadcast_object_list(folder)
    return Path(str(folder[0]))

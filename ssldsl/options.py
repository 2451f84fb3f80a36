"""What the commands share: edits of a spec, how it is read and checked, how messages and files are written."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ssldsl import pipeline
from ssldsl.errors import Diagnostic, SpecError, render


def edited(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--set`, `--drop` and `--variant`: typed edits, checked like the file."""

    @click.option(
        "--variant",
        "variants",
        multiple=True,
        metavar="NAME",
        help="Apply a variant of the file; several go together. `run` takes A,B,none: a run with each.",
    )
    @click.option(
        "--set", "sets", multiple=True, metavar="PATH=EXPR", help="Replace a value: w_rot=0.4, run=5ep, vat.epsilon=2."
    )
    @click.option(
        "--drop", "drops", multiple=True, metavar="TERM", help="Drop a loss term: vat, loss.vat, joint.loss.vat."
    )
    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    return wrapper


def carried_out(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--workers`, `--tracker`, `--checkpoint-every`, `--progress`, `--report`: how a run is carried out."""

    @click.option("--workers", type=click.IntRange(min=0), default=None, help="Processes that read image folders.")
    @click.option(
        "--tracker", "trackers", multiple=True, type=click.Choice(["tensorboard", "wandb"]), help="Also log there."
    )
    @click.option(
        "--checkpoint-every", default=None, metavar="STEPS", type=click.IntRange(min=1), help="[default: every epoch]"
    )
    @click.option("--progress/--no-progress", default=True, help="Show a progress bar.")
    @click.option("--report/--no-report", default=True, help="Write report.html into the run folder.")
    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    return wrapper


def parse_edits(sets: tuple[str, ...], drops: tuple[str, ...]) -> list[Any]:
    from ssldsl.syntax.parser import parse_edit

    return [*(parse_edit(text, "set") for text in sets), *(parse_edit(text, "drop") for text in drops)]


def checked(
    path: str, variants: tuple[str, ...], sets: tuple[str, ...], drops: tuple[str, ...], seed: int | None = None
) -> Any:
    """The spec with its edits, checked; warnings are shown, errors end the command."""
    result = pipeline.compose(pipeline.read(path), variants, parse_edits(sets, drops), seed)
    show([d for d in result.diagnostics if d.severity == "warning"])
    result.unwrap()
    return result


def show(diagnostics: list[Diagnostic]) -> None:
    for diagnostic in diagnostics:
        click.echo(render(diagnostic) + "\n", err=True)


def write(text: str, path: str | None) -> None:
    """Write to a file, or to stdout for `-` and nothing."""
    if path in (None, "-"):
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        Path(str(path)).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SpecError(Diagnostic("R302", f"`{path}` cannot be written: {error.strerror}")) from None

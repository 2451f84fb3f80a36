"""What the commands share: edits of a spec, how it is read and checked, how messages and files are written."""

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ssldsl import pipeline, processes
from ssldsl.check import Checked
from ssldsl.errors import Diagnostic, SpecError, render_all
from ssldsl.runtime.folder.request import Edits

USER_ERROR = 1  # exit code
MOST_PROCESSES = 1024  # beside one: a number above is a slip, and would bring the machine down
READERS = click.IntRange(0, MOST_PROCESSES)


def edited(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--set`, `--drop` and `--variant`, as `edits`: typed, checked like the file."""

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
    def wrapper(
        *args: Any, variants: tuple[str, ...], sets: tuple[str, ...], drops: tuple[str, ...], **kwargs: Any
    ) -> Any:
        return command(*args, edits=Edits(variants, sets, drops), **kwargs)

    return wrapper


def checked(path: str, edits: Edits, seed: int | None = None) -> Checked:
    """The spec with its edits, checked; warnings are shown, errors end the command."""
    result = pipeline.compose(pipeline.read(path), edits.variants, edits.changes(), seed)
    show(d for d in result.diagnostics if d.severity == "warning")
    result.unwrap()
    return result


def show(diagnostics: Iterable[Diagnostic]) -> None:
    """Print messages with the lines they are about."""
    if found := list(diagnostics):
        say(render_all(found) + "\n")


def say(text: str) -> None:
    """A line on the console, said by one of the processes of this machine."""
    if processes.is_local_main():
        click.echo(text, err=True)


def write(text: str, path: str | None) -> None:
    """Write to a file, or to stdout for `-` and nothing."""
    if path in (None, "-"):
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        Path(str(path)).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SpecError(Diagnostic("R302", f"`{path}` cannot be written: {error.strerror}")) from None

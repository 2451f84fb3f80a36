"""`ssldsl check`: everything that is wrong with some specs."""

import json

import click

from ssldsl import pipeline
from ssldsl.check import Checked, check_everything
from ssldsl.commands.options import USER_ERROR, edited, show
from ssldsl.errors import Diagnostic, as_json
from ssldsl.ir.captions import transductive
from ssldsl.ops.library import Library
from ssldsl.runtime.folder.request import Edits


@click.command()
@click.argument("specs", nargs=-1, required=True)
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "short"]), default="text", help="How to say what is wrong."
)
@edited
def check(specs: tuple[str, ...], style: str, edits: Edits) -> int:
    """Say everything that is wrong with SPECS, their variants and sweeps, before anything runs."""
    library = Library.shipped()
    checked = {path: _check(path, edits, library) for path in specs}
    found = {path: each.diagnostics for path, each in checked.items()}
    diagnostics = [d for each in found.values() for d in each]
    _write(diagnostics, style)
    errors = sum(d.severity == "error" for d in diagnostics)
    warnings = len(diagnostics) - errors
    counts = [f"{n} {word}{'s' if n != 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    wrong = [path for path, each in found.items() if each]
    click.echo(f"{', '.join(wrong or specs)}: {', '.join(counts) or 'fine'}", err=True)
    for path, each in checked.items():
        for data in transductive(each.program) if each.program is not None else ():
            click.echo(f"{path}: trains on {data} without its labels (transductive)", err=True)
    return USER_ERROR if errors else 0


def _check(path: str, edits: Edits, library: Library) -> Checked:
    """What is wrong with a spec: all of it, or, with edits, the one experiment that they make of it."""
    source = pipeline.read(path)
    if not edits:
        return check_everything(source, library=library)
    return pipeline.compose(source, edits.variants, edits.changes(), library=library)


def _write(diagnostics: list[Diagnostic], style: str) -> None:
    if style == "json":
        click.echo(json.dumps([as_json(d) for d in diagnostics], indent=2))
    elif style == "short":
        for d in diagnostics:
            click.echo(f"{d.span.place if d.span else '-'}: {d.severity}[{d.code}]: {d.message}")
    else:
        show(diagnostics)

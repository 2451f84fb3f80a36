"""`ssldsl cite`: the papers that an experiment rests on."""

import click

from ssldsl.commands.options import checked, edited, write
from ssldsl.runtime.folder.request import Edits


@click.command()
@click.argument("spec")
@click.option("-o", "--out", default=None, metavar="FILE", help="Write there instead of to stdout.")
@edited
def cite(spec: str, out: str | None, edits: Edits) -> None:
    """Print the BibTeX of every paper that SPEC rests on: its own, those of its definitions, those of its ops."""
    from ssldsl.citations import bibliography

    write(bibliography(checked(spec, edits)), out)

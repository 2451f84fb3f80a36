"""`ssldsl docs`: the pages of the library."""

from pathlib import Path

import click

from ssldsl.errors import Diagnostic, SpecError


@click.command()
@click.option(
    "-o", "--out", default="docs/library", metavar="FOLDER", help="Where to write the pages.", show_default=True
)
def docs(out: str) -> None:
    """Write a page for every role of the library, made from the signatures."""
    from ssldsl.ops.rendering import write_pages

    try:
        for path in write_pages(Path(out)):
            click.echo(path)
    except OSError as error:
        raise SpecError(Diagnostic("R302", f"`{out}` cannot be written: {error.strerror}")) from None

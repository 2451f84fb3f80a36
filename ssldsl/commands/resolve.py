"""`ssldsl resolve`: an experiment with nothing left implicit."""

import click

from ssldsl.check.resolving import resolve as resolved
from ssldsl.commands.options import checked, edited
from ssldsl.runtime.folder.request import Edits


@click.command()
@click.argument("spec")
@edited
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Another seed than the spec's.")
def resolve(spec: str, seed: int | None, edits: Edits) -> None:
    """Print the whole experiment of SPEC with nothing left implicit."""
    click.echo(resolved(checked(spec, edits, seed)), nl=False)

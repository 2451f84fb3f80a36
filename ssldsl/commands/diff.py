"""`ssldsl diff`: what differs by meaning between two experiments."""

import json

import click

from ssldsl.commands.options import checked, edited
from ssldsl.runtime.folder.request import Edits


@click.command()
@click.argument("spec")
@click.argument("other", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@edited
def diff(spec: str, other: str | None, as_data: bool, edits: Edits) -> int:
    """What differs by meaning between SPEC and OTHER, or between SPEC and itself with edits.

    Exit code: 0 nothing or cosmetic, 3 execution only, 4 semantic.
    """
    from ssldsl.comparing.diff import diff_checked

    if other is None and not edits:
        raise click.ClickException("give a second spec, or edits: `ssldsl diff a.ssl --drop vat`")
    first = checked(spec, Edits() if other is None else edits)
    second = checked(spec, edits) if other is None else checked(other, Edits())
    result = diff_checked(first, second)
    click.echo(json.dumps(result.as_json(), indent=2) + "\n" if as_data else result.as_text(), nl=False)
    return result.exit_code

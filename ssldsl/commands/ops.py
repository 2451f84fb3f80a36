"""`ssldsl ops`: the library, or one op."""

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print the JSON schema of the settings.")
def ops(name: str | None, as_data: bool) -> None:
    """List the library, or show one op: signature, formula, paper, and the specs that use it."""
    from ssldsl.ops.rendering import show_library, show_op

    click.echo(show_library(as_data) if name is None else show_op(name, as_data), nl=False)

"""`ssldsl ops`: the library, or one op; the words that an author of ops needs."""

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print the JSON schema of the settings.")
@click.option("--roles", is_flag=True, help="What ops there are: what each role takes and gives.")
@click.option("--kinds", is_flag=True, help="What tensors mean: the kinds that annotations name.")
def ops(name: str | None, as_data: bool, roles: bool, kinds: bool) -> None:
    """List the library, or show one op: signature, formula, paper, and the specs that use it."""
    from ssldsl.ops.rendering import show_library, show_op, show_rows
    from ssldsl.ops.vocabulary import kind_rows, role_rows

    if roles or kinds:
        text = "\n".join([*([show_rows(role_rows())] if roles else []), *([show_rows(kind_rows())] if kinds else [])])
    else:
        text = show_library(as_data) if name is None else show_op(name, as_data)
    click.echo(text, nl=False)

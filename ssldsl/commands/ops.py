"""`ssldsl ops`: the library, or one op; the words that an author of ops needs."""

from pathlib import Path

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print the JSON schema of the settings.")
@click.option("--roles", is_flag=True, help="What ops there are: what each role takes and gives.")
@click.option("--kinds", is_flag=True, help="What tensors mean: the kinds that annotations name.")
@click.option(
    "--new", type=click.Choice(["loss", "view", "memory", "metric", "net"]), help="Write NAME.py and test_NAME.py here."
)
def ops(name: str | None, as_data: bool, roles: bool, kinds: bool, new: str | None) -> None:
    """List the library, or show one op: signature, formula, paper, and the specs that use it."""
    from ssldsl.ops.rendering import show_library, show_op, show_rows
    from ssldsl.ops.vocabulary import kind_rows, role_rows

    if new is not None:
        _begin(new, name)
        return
    if roles or kinds:
        text = "\n".join([*([show_rows(role_rows())] if roles else []), *([show_rows(kind_rows())] if kinds else [])])
    else:
        text = show_library(as_data) if name is None else show_op(name, as_data)
    click.echo(text, nl=False)


def _begin(role: str, name: str | None) -> None:
    from ssldsl.ops.new_op import write_skeleton

    if name is None:
        raise click.UsageError("say what it is called: `ssldsl ops --new loss my_loss`")
    for path in write_skeleton(role, name, Path()):
        click.echo(path)
    click.echo(f'use "{name}.py" in a spec; `python -m pytest test_{name}.py` tries it', err=True)

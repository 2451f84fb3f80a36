"""`ssldsl fmt`: specs in their one form."""

import difflib

import click

from ssldsl import pipeline
from ssldsl.commands.options import USER_ERROR, write
from ssldsl.source import Source
from ssldsl.syntax.formatter import format_text


@click.command()
@click.argument("specs", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if a file is not formatted.")
@click.option("--diff", "show_diff", is_flag=True, help="Change nothing; show what would change.")
def fmt(specs: tuple[str, ...], only_check: bool, show_diff: bool) -> int:
    """Format SPECS in place; `-` formats stdin to stdout."""
    changes_nothing = only_check or show_diff
    changed = 0
    for path in specs:
        source = pipeline.read(path)
        text = format_text(source)
        if path == "-" and not changes_nothing:
            click.echo(text, nl=False)
            continue
        if text == source.text:
            continue
        changed += 1
        if show_diff:
            click.echo(_difference(source, text, path), nl=False)
        elif not only_check:
            write(text, path)
        click.echo(f"{path}: {'would be ' if changes_nothing else ''}formatted", err=True)
    return USER_ERROR if changed and changes_nothing else 0


def _difference(source: Source, text: str, path: str) -> str:
    before, after = source.text.splitlines(True), text.splitlines(True)
    return "".join(difflib.unified_diff(before, after, path, f"{path} (formatted)"))

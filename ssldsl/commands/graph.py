"""`ssldsl graph`: a method drawn, or two side by side."""

from pathlib import Path

import click

from ssldsl.commands.options import checked, edited, write
from ssldsl.runtime.folder.request import Edits

STYLES = ("svg", "html", "mmd", "dot")


@click.command()
@click.argument("spec")
@click.argument("other", required=False)
@click.option(
    "-o", "--out", default=None, metavar="FILE", help="x.svg, x.html, x.mmd or x.dot. [default: Mermaid on stdout]"
)
@click.option("--format", "style", type=click.Choice(STYLES), default=None, help="[default: by the ending of --out]")
@click.option("--shapes", is_flag=True, help="Show shapes on the edges.")
@edited
def graph(spec: str, other: str | None, out: str | None, style: str | None, shapes: bool, edits: Edits) -> None:
    """Draw the method of SPEC; with OTHER, both side by side with what differs marked."""
    from ssldsl.drawing import draw

    style = style or ("mmd" if out in (None, "-") else Path(str(out)).suffix.lstrip("."))
    if style not in STYLES:
        raise click.ClickException(f"`{out}`: the ending says what to draw: .svg, .html, .mmd or .dot")
    programs = [checked(spec, edits).unwrap()]
    if other is not None:
        programs.append(checked(other, Edits()).unwrap())
    elif edits:
        programs.insert(0, checked(spec, Edits()).unwrap())
    write(draw(programs[0], style, shapes=shapes, other=programs[1] if len(programs) > 1 else None), out)
    if out not in (None, "-"):
        click.echo(f"wrote {out}", err=True)

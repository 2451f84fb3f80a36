"""`ssldsl validation`: whether a tiny validation set is enough to choose among some runs."""

from pathlib import Path
from typing import Any

import click

from ssldsl.commands.options import READERS, write
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.processes import spare_cores


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--metric", default="", help="The `eval` that counts, an accuracy. [default: the first]")
@click.option("--stage", default="", help="The stage whose end is measured. [default: the last]")
@click.option("--sizes", default=None, metavar="N,N", help="Samples of a subset. [default: 1 and 5 of every class]")
@click.option("--draws", type=click.IntRange(min=1), default=20, help="Subsets of every size.", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the subsets.", show_default=True)
@click.option("--workers", type=READERS, default=spare_cores, help="Processes that read image files.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.option("-o", "--out", default=None, metavar="FILE", help="Also write a page with pictures there: x.html.")
def validation(runs: tuple[str, ...], sizes: str | None, as_data: bool, out: str | None, **options: Any) -> None:
    """Ask whether a tiny validation set is enough to choose among RUNS: correlation and regret of small subsets."""
    from ssldsl.report.validation.validate_runs import Question, validate_runs

    question = Question(sizes=read_sizes(sizes), **options)
    text, page = validate_runs([Path(r) for r in runs], question, as_data=as_data, out=out)
    click.echo(text, nl=False)
    if out is not None:
        write(page, out)
        click.echo(f"wrote {out}", err=True)


def read_sizes(text: str | None) -> tuple[int, ...]:
    """`1000,5000`: the sizes of subsets."""
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        message = f"`--sizes {text}` is no list of numbers: write for example 1000,5000"
        raise SpecError(Diagnostic("R304", message)) from None

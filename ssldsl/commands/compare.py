"""`ssldsl compare`: finished runs over their seeds."""

from pathlib import Path

import click

from ssldsl.commands.options import write


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--metric", "metrics", multiple=True, help="Only these metrics. [default: all]")
@click.option("--format", "style", type=click.Choice(["text", "markdown", "json", "csv"]), default="text")
@click.option("-o", "--out", default=None, help="Write there; .html makes a page with curves.")
def compare(runs: tuple[str, ...], metrics: tuple[str, ...], style: str, out: str | None) -> None:
    """Compare RUNS over their seeds: mean, standard deviation, Welch's t-test against the first."""
    from ssldsl.report.compare.compare_runs import compare_runs

    write(compare_runs([Path(r) for r in runs], list(metrics), style, out), out)

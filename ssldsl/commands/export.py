"""`ssldsl export`: final weights for use without ssldsl."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--out", required=True, metavar="FOLDER", help="Where to write `<network>.safetensors`.")
@click.option("--stage", default="", help="The stage whose end is taken. [default: the last]")
@click.option("--average/--no-average", default=True, help="Averaged weights, where the stage keeps an average.")
def export(folder: str, out: str, stage: str, average: bool) -> None:
    """Write the final weights of the run in FOLDER, a file for every network, for use without ssldsl."""
    from ssldsl.runtime.folder.export import export as export_weights

    for path in export_weights(Path(folder), Path(out), stage=stage, average=average):
        click.echo(path)

"""`ssldsl predict`: what a finished run says of any data, as a table."""

from functools import partial
from pathlib import Path

import click

from ssldsl.commands.options import READERS, say
from ssldsl.processes import spare_cores


@click.command()
@click.argument("folder", metavar="RUN", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("data", metavar="DATA")
@click.option("-o", "--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="x.parquet or x.csv.")
@click.option("--eval", "evaluation", default="", metavar="NAME", help="Whose networks and views are applied.")
@click.option("--net", default="", metavar="NET", help="What embeds: encoder, or 'encoder >> projector'.")
@click.option("--stage", default="", help="The stage whose end is taken. [default: the last]")
@click.option("--average/--no-average", default=True, help="Averaged weights, where the stage keeps an average.")
@click.option("--probabilities/--no-probabilities", default=True, help="Of all classes, beside the likeliest.")
@click.option("--embedding/--no-embedding", default=True, help="What the classes are read from, or `--net` gives.")
@click.option("--workers", type=READERS, default=spare_cores, help="Processes that read images.")
@click.option("--progress/--no-progress", default=True, help="Show a progress bar.")
def predict(
    folder: Path,
    data: str,
    out: Path,
    evaluation: str,
    net: str,
    stage: str,
    average: bool,
    probabilities: bool,
    embedding: bool,
    workers: int,
    progress: bool,
) -> None:
    """Write what the run in RUN says of DATA: class, probabilities and embedding of every sample.

    DATA is a folder, of which all images are taken, or data in the words of the spec: 'images.test',
    'image_table("new.csv").all'. They are prepared as the first `eval` of the run prepares its own.
    """
    from ssldsl.exporting.prediction_table import save
    from ssldsl.exporting.predictions import Asked, make_predictor
    from ssldsl.runtime.console.progress import make_reporter

    reporter = make_reporter(is_wanted=progress)
    try:
        asked = Asked(evaluation, net, stage, average, workers, partial(reporter.passing, "predict"))
        predictor = make_predictor(folder, data, asked)
        wanted = {"probability": probabilities, "embedding": embedding}
        path = save(predictor.parts(), out, [name for name, is_wanted in wanted.items() if not is_wanted])
    finally:
        reporter.close()
    for note in getattr(predictor.samples, "notes", ()):
        say(note)
    click.echo(path)

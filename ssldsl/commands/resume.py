"""`ssldsl resume`: an interrupted run continued."""

from pathlib import Path

import click

from ssldsl import pipeline
from ssldsl.commands.execution import Execution, carried_out, execute
from ssldsl.commands.options import say
from ssldsl.runtime.folder.run_folder import read_summary


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@carried_out
def resume(folder: Path, execution: Execution) -> int:
    """Go on with the interrupted run in FOLDER, exactly where its last checkpoint is.

    What says how a run is carried out is said anew: nothing of it changes what comes out.
    """
    if read_summary(folder).get("status") == "finished":
        say(f"the run in {folder} is finished: only what is missing or damaged is made again")
    return execute(lambda options: pipeline.resume(folder, options), folder, execution)

"""The pictures that a stage ended with, read from the run folder."""

from collections.abc import Iterator
from pathlib import Path

from ssldsl.graph.plan import StagePlan
from ssldsl.graph.results import is_picture
from ssldsl.report.run.decisions import read_decisions
from ssldsl.report.run.latent import Latent, read_latent
from ssldsl.runtime.folder.class_names import class_names
from ssldsl.runtime.folder.run_folder import PICTURES, picture_name


def stage_pictures(folder: Path, stage: StagePlan) -> Iterator[Latent]:
    """The pictures of a stage whose points are there, in the order of its evaluations."""
    for evaluation in (e for e in stage.evaluations if is_picture(e, stage)):
        read = read_decisions if evaluation.picture == "decisions" else read_latent
        names = class_names(folder, stage, evaluation.node)
        found = read(evaluation.name, folder / PICTURES / picture_name(stage.name, evaluation.name), names)
        if found is not None:
            yield found

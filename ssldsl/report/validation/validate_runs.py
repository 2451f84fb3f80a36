"""Finished runs looked at together: whether a tiny validation set would have chosen the same one."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from attrs import frozen

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.report.folder import RunFolder, read_runs
from ssldsl.report.validation.analysis import usual_sizes, validate
from ssldsl.report.validation.page import validation_page
from ssldsl.report.validation.tables import ValidatedRuns, as_json, as_text
from ssldsl.runtime.evaluate.per_sample import PerSample, correctness
from ssldsl.runtime.folder.request import Request

FEWEST = 3  # runs: two always lie on a line
TOLERANCE = 0.005  # share of samples that come out otherwise on another device


@frozen
class Question:
    """What is asked about the runs. `sizes` is empty for one and five samples of every class."""

    metric: str = ""
    stage: str = ""
    sizes: tuple[int, ...] = ()
    draws: int = 20
    seed: int = 0
    workers: int = 0


def validate_runs(paths: Sequence[Path], question: Question, *, as_data: bool, out: str | None) -> tuple[str, str]:
    """The analysis as text or JSON, and as a page if one is wanted (`out`), else nothing there."""
    measured = correctness_of_runs(read_runs(list(paths)), question)
    labels = measured[0].labels.numpy()
    right = np.stack([one.correct.numpy() for one in measured])
    sizes = question.sizes or usual_sizes(labels)
    found = validate(right, labels, sizes, draws=question.draws, seed=question.seed)
    names = ValidatedRuns(measured[0].metric, tuple(str(one.folder) for one in measured))
    text = as_json(found, names) if as_data else as_text(found, names)
    return text, validation_page(found, names) if out is not None else ""


def correctness_of_runs(runs: Sequence[RunFolder], question: Question) -> list[PerSample]:
    """What every run is right about, all on the same samples. Raises R429 where they cannot be compared."""
    open_ = [f"{run.path} is {run.status}" for run in runs if not run.is_finished]
    if open_:
        raise _refused("some runs are not finished", open_, "finish them with `ssldsl resume`, or leave them out")
    if len(runs) < FEWEST:
        raise _refused(
            f"{len(runs)} run{'s' * (len(runs) != 1)} are too few for a correlation", [], f"give at least {FEWEST}"
        )
    metric, measured = question.metric, []
    for run in runs:
        request = Request.read(run.path)
        checked = request.checked()
        checked.unwrap()
        one = correctness(
            run.path,
            checked.library,
            metric=metric,
            stage=question.stage,
            workers=question.workers,
            spec_folder=Path(request.spec).parent,
        )
        metric = one.metric  # what was chosen for the first holds for all
        click.echo(f"{run.path}: {metric} {float(one.correct.double().mean()):.4f}", err=True)
        measured.append(one)
    _check_same(measured)
    return measured


def _check_same(measured: Sequence[PerSample]) -> None:
    first = measured[0]
    if any(one.digest != first.digest or one.labels.tolist() != first.labels.tolist() for one in measured):
        told = [f"{one.folder}: `{one.metric}` on {_counted(one)}" for one in measured]
        raise _refused(
            "the runs were not evaluated on the same samples",
            told,
            "leave out one kind, or name a metric by `--metric`",
        )
    for one in measured:
        now = float(one.correct.double().mean())
        if one.recorded is not None and abs(now - one.recorded) > TOLERANCE + 1 / len(one.labels):
            told = [f"{one.folder}: `{one.metric}` is {now:.4f} now and was {one.recorded:.4f} at the end of the run"]
            raise _refused("a run does not give any more what it recorded", told, "the data or an op has changed since")


def _counted(one: PerSample) -> str:
    return f"{len(one.labels)} samples of {len(set(one.labels.tolist()))} classes, digest {one.digest[:12]}"


def _refused(message: str, hints: Sequence[str], help: str) -> SpecError:
    return SpecError(Diagnostic("R429", message, hints=tuple(hints), help=help))

"""L608: where a pass is a few steps, one evaluation a pass makes a run that mostly evaluates."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Evaluation, Stage
from ssldsl.types import TensorType

FEW_STEPS, MANY_TIMES = 5, 50  # a shorter pass, evaluated more often, was hardly meant


def evaluation_pace(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent where `evaluate` is written, and beside an error, which may be in the numbers that this is told by."""
    size = reader.clock_size(stage)
    if reader.ctx.reporter.failed or stage.place("evaluate") is not None or size is None:
        return
    rows = dict(stage.batch)[stage.clock]
    steps = max(1, size // rows)
    times = round(stage.run.value / (1 if stage.run.unit == "ep" else steps))
    if steps < FEW_STEPS and times > MANY_TIMES and not all(_is_picture(e) for e in stage.evaluations):
        yield warnings.evaluation_pace(reader.subject, times, steps, stage.clock, size, rows, reader.place("run"))


def _is_picture(evaluation: Evaluation) -> bool:
    """Whether it is made at the end of a stage only."""
    return isinstance(evaluation.node.type, TensorType) and evaluation.node.type.kind == "Points"

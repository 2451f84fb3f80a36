"""D524: a stage ends while somebody is there to see it."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Duration
from ssldsl.ir.program import Stage

MOST_STEPS = 10**9  # at a thousand steps a second, which nothing reaches, twelve days


def ends(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Where the size of the clock stream is not known yet, a pass counts as one step."""
    size = reader.ctx.streams[stage.clock].size if stage.clock in reader.ctx.streams else None
    rows = dict(stage.batch).get(stage.clock, 1)
    steps = least_steps(stage.run, max(1, (size or 0) // rows))
    if steps >= MOST_STEPS:
        yield stages.endless_run(reader.subject, str(stage.run), steps, MOST_STEPS, reader.place("run"))


def least_steps(run: Duration, steps_per_pass: int) -> float:
    """Steps of a stage that runs so long."""
    return run.value * (steps_per_pass if run.unit == "ep" else 1)

"""D524: a stage ends while somebody is there to see it."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage

MOST_STEPS = 10**9  # at a thousand steps a second, which nothing reaches, twelve days


def ends(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Where the size of the clock stream is not known yet, a pass counts as one step."""
    steps = stage.run.in_steps(reader.steps_per_epoch(stage) or 1)
    if steps >= MOST_STEPS:
        yield stages.endless_run(reader.subject, str(stage.run), steps, MOST_STEPS, reader.place("run"))

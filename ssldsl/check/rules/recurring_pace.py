"""D526: data that are computed again and again are so in steps of the stage, and more than once."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Duration
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def recurring_pace(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """`every` of the data ops that the stage reads from, as far as is known how long a pass is."""
    steps = reader.steps_per_epoch(stage)
    roots = [*(t.node for t in stage.terms), *(e.node for e in stage.evaluations)]
    for node in ancestors(roots):
        every = node.setting("every")
        signature = reader.ctx.signatures.get(node.op)
        if not isinstance(every, Duration) or signature is None or not signature.derives:
            continue
        if every.unit == "ep" and steps is not None and every.value * steps < 1:
            yield stages.faster_than_steps(str(every), steps, stage.clock, reader.written_at(node))
        elif _outlasts(every, stage.run, steps):
            yield stages.beyond_the_stage(str(every), str(stage.run), reader.written_at(node))


def _outlasts(every: Duration, run: Duration, steps: int | None) -> bool:
    """Whether a time is as long as the run or longer, as far as that is known."""
    if every.unit == "%":
        return every.value >= 100
    if every.unit == run.unit:
        return every.value >= run.value
    if steps is None:
        return False
    return every.in_steps(steps) >= run.in_steps(steps)

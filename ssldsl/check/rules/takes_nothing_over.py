"""L613: a stage that comes after another, and trains the same networks, takes something over from an earlier stage."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import origins


def takes_nothing_over(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent beside an error, and where weights come from a file or data from what an earlier stage left."""
    ctx = reader.ctx
    if ctx.reporter.failed or not stage.after or any(not origin.is_afresh for origin in stage.init):
        return
    if origins(stage.roots):
        return
    before = next((s for name in stage.after if (s := ctx.stages.get(name)) is not None), None)
    shared = sorted(ctx.owners(stage.train) & ctx.owners(before.train)) if before is not None else []
    if before is not None and shared:
        yield warnings.takes_nothing_over(stage.name, before.name, shared, reader.span)

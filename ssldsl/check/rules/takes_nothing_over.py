"""L613: a stage that comes after another, and trains the same networks, takes something over from an earlier stage."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def takes_nothing_over(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent beside an error, and where weights come from a file or data from a network of an earlier stage."""
    ctx = reader.ctx
    if ctx.reporter.failed or not stage.after or any(not origin.is_afresh for origin in stage.init):
        return
    if any(node.op == "net" and node.setting("stage") for node in ancestors(stage.roots)):
        return
    before = next((s for name in stage.after if (s := ctx.stages.get(name)) is not None), None)
    shared = sorted(ctx.owners(stage.train) & ctx.owners(before.train)) if before is not None else []
    if before is not None and shared:
        yield warnings.takes_nothing_over(stage.name, before.name, shared, reader.span)

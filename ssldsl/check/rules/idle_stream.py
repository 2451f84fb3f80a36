"""L607: every stream of `batch` is read by the loss or a watch, or counts the passes."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import in_a_step


def idle_stream(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent under edits: an ablation drops a term, and seldom the rows that it read. Silent beside errors, too,
    and where the rows are said for all stages.
    """
    if reader.ctx.is_edited or reader.ctx.reporter.failed or reader.settings.get("batch") not in reader.body:
        return
    drawn = {n.setting("stream") for n in in_a_step(stage.step_roots) if n.op in ("draw", "rows")}
    counted = stage.clock if stage.place("clock") is not None else None
    for name, _ in stage.batch:
        place = stage.place(f"batch.{name}")
        if place is not None and name not in drawn and name != counted:
            yield warnings.idle_stream(reader.subject, name, place)

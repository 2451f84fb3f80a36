"""L607: every stream of `batch` is read by the loss or a watch, or counts the passes."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def idle_stream(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent under edits: an ablation drops a term, and seldom the rows that it read."""
    drawn = {n.setting("stream") for n in ancestors(stage.step_roots) if n.op in ("draw", "rows")}
    counted = stage.clock if stage.place("clock") is not None else None
    for name, _ in stage.batch:
        place = stage.place(f"batch.{name}")
        if place is not None and name not in drawn and name != counted and not reader.ctx.is_edited:
            yield warnings.idle_stream(reader.subject, name, place)

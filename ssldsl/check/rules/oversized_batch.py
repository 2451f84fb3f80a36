"""L609: a step draws no more rows of a stream than its data have samples."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage


def oversized_batch(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Where the size is known before the data are read. Of rows that `batch` does not name, the loss is the place."""
    for name, rows in stage.batch:
        size = reader.ctx.streams[name].size
        if size is not None and rows > size:
            place = stage.place(f"batch.{name}") or stage.place("batch") or reader.place("loss")
            yield warnings.oversized_batch(name, rows, size, place)

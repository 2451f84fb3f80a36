"""D525: `accumulate` splits the rows of every stream into equal parts, whatever the number of processes."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage


def equal_parts(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Of several streams the first that cannot be split is told."""
    for name, rows in stage.batch:
        if rows % stage.accumulate:
            place = reader.place("accumulate")
            yield stages.unequal_parts(name, rows, stage.accumulate, place, reader.place("batch"))
            return

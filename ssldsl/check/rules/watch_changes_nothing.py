"""D431: what is watched changes nothing: no network takes note of a batch that the loss does not show it."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.modules import moved_by
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def watch_changes_nothing(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Batch normalization counts the batches that pass; of what is watched, only those that a term sends through."""
    trained = set(ancestors(term.node for term in stage.terms))
    for watch in stage.watches:
        for node in ancestors([watch.node]):
            moved = moved_by(node) if node not in trained else ()
            if moved:
                yield dataflow.watch_moves_statistics(watch.name, moved, reader.written_at(node))
                break
